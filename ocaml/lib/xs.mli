(* SPDX-License-Identifier: ISC *)
(** Xenstore: the tree of names and values that a domain shares with the toolstack and with other domains.

    Paths are absolute, or relative to the domain's own [/local/domain/N]. Errors are exceptions of [Xs_protocol]. Requests
    of any number of promises are under way at the same time, on the one connection that the domain has. *)

include Xs_lib.Xs_client_lwt.S
