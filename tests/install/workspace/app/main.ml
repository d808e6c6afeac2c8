(* SPDX-License-Identifier: ISC *)
open Lwt.Infix

let main =
  Xen_os.Time.sleep_ns 1_000_000L >|= fun () ->
  ignore (Counter.next 40);
  print_endline (Counter.describe "dune" (Counter.next 2));
  Printf.printf "%.3f\n" (Counter.norm 3. 4.)

let () = Xen_os.Main.run main
