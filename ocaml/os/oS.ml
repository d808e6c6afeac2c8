(* SPDX-License-Identifier: ISC *)
(** {!Xen_os} under the name that it had in mirage-xen 6.0. *)

include Xen_os
