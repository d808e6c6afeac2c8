(* SPDX-License-Identifier: ISC *)
(* The client of xenstore where the xenstore library is not installed. *)

module Xs_protocol = Own_xs_protocol
module Xs_client_lwt = Own_xs_client
module Client = Own_xs_client
