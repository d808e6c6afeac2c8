(* SPDX-License-Identifier: ISC *)
(* The smallest program of the library's: main loop, xenstore, a line. For what such a boot costs. *)

open Lwt.Infix
open Xen_os

let main () =
  Xs.make () >>= fun xs ->
  Xs.immediate xs (fun h -> Xs.read h "domid") >|= fun domid -> print_endline ("domain " ^ domid)

let () = Main.run (main ())
