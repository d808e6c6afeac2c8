(* SPDX-License-Identifier: ISC *)

open Lwt.Infix

let log = Logs.Src.create "lifecycle" ~doc:"Requests of the toolstack"

module Log = (val Logs.src_log log : Logs.LOG)

(* The node and values are those of Xen's docs/misc/xenstore-paths.pandoc. *)
let request = "control/shutdown"

let advertise xs features =
  let write h (name, can) = Xs.write h ("control/feature-" ^ name) (if can then "1" else "0") in
  Lwt.catch
    (fun () -> Xs.immediate xs (fun h -> Lwt_list.iter_s (write h) features))
    (fun error ->
      Log.warn (fun f -> f "control/feature-* cannot be written: %s" (Printexc.to_string error));
      Lwt.return_unit)

let of_value = function
  | "poweroff" | "halt" -> Some `Poweroff
  | "reboot" -> Some `Reboot
  | "" -> None
  | "suspend" ->
      Log.warn (fun f -> f "asked to suspend, which this domain cannot do");
      None
  | other ->
      Log.warn (fun f -> f "asked for %S, which is unknown" other);
      None

let await_shutdown_request ?(can_poweroff = true) ?(can_reboot = false) () =
  Xs.make () >>= fun xs ->
  advertise xs [ ("poweroff", can_poweroff); ("reboot", can_reboot) ] >>= fun () ->
  Xs.wait xs (fun h ->
      Lwt.catch
        (fun () -> Xs.read h request >|= of_value)
        (function Xs_lib.Xs_protocol.Enoent _ -> Lwt.return_none | error -> Lwt.fail error)
      >>= function
      | Some reason -> Lwt.return reason
      | None -> Lwt.fail Xs_lib.Xs_protocol.Eagain)
  >>= fun reason ->
  Xs.immediate xs (fun h -> Xs.write h request "") >|= fun () ->
  Shutdown.requested := (match reason with `Poweroff -> Shutdown.Poweroff | `Reboot -> Reboot);
  reason
