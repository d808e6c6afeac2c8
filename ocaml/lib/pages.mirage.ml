(* SPDX-License-Identifier: ISC *)
(* Pages are io-page's, so that they are of the type that drivers use. *)

include Io_page
