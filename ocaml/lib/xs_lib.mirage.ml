(* SPDX-License-Identifier: ISC *)
(* The xenstore library's own modules, so that types and exceptions are those that drivers use. *)

module Xs_protocol = Xs_protocol
module Xs_client_lwt = Xs_client_lwt
module Client = Xs_client_lwt.Client (Xs_ring)
