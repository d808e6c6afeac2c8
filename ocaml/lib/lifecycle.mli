(* SPDX-License-Identifier: ISC *)
(** What the toolstack asks of the domain through xenstore's [control/shutdown]. *)

val await_shutdown_request :
  ?can_poweroff:bool -> ?can_reboot:bool -> unit -> [ `Poweroff | `Reboot ] Lwt.t
(** The next request to power off ([poweroff], [halt]) or to reboot, which is acknowledged. [can_poweroff] (by default true)
    and [can_reboot] (by default false) say what is advertised as [control/feature-poweroff] and [control/feature-reboot];
    a toolstack may ask for either all the same.

    The program then has to end. When it does so normally after [`Reboot] was asked for, the domain reboots rather than
    powers off.

    A request to suspend is not acknowledged, as a domain of ours cannot be suspended: it is reported as a warning in the
    log, as is one that is unknown, and the wait goes on. *)
