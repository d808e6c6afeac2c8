(* SPDX-License-Identifier: ISC *)
(** The states through which the two ends of a paravirtual device connect: XenbusState of Xen's [io/xenbus.h]. *)

type state =
  | Unknown
  | Initialising
  | InitWait
  | Initialised
  | Connected
  | Closing
  | Closed
  | Reconfiguring
  | Reconfigured

val of_string : string -> state
(** A state as xenstore has it, a decimal number; [Unknown] for anything else. *)

val to_string : state -> string
(** A state as xenstore has it. *)

val prettyprint : state -> string
(** The state's name. *)
