(* SPDX-License-Identifier: ISC *)
(* How a program ends, seen from outside; hooks; the console; the reporter of logs. Without an argument, runs itself with each. *)

open Lwt.Infix
open Xen_os
open Fake

external console_page : unit -> (char, Bigarray.int8_unsigned_elt, Bigarray.c_layout) Bigarray.Array1.t
  = "mirage_xen_get_console_page"

let cases : (string * (unit -> unit) * int * string list) list =
  [
    ("normal", (fun () -> Main.run (Time.sleep_ns 1000L)), 0, []);
    ( "exception",
      (fun () ->
        Main.run
          ( Time.sleep_ns 1000L >>= fun () ->
            failwith "out of ideas" )),
      2,
      [ "Fatal error: exception Failure(\"out of ideas\")"; "test_main.ml" ] );
    ( "async",
      (fun () ->
        Lwt.async (fun () -> Time.sleep_ns 1000L >>= fun () -> raise Not_found);
        Main.run (Time.sleep_ns 1_000_000L)),
      103,
      [ "Fatal error: exception Not_found"; "test_main.ml" ] );
    ( "own async hook",
      (fun () ->
        (Lwt.async_exception_hook := fun _ -> print_endline "mine");
        Lwt.async (fun () -> Time.sleep_ns 1000L >>= fun () -> raise Not_found);
        Main.run (Time.sleep_ns 1_000_000L)),
      0,
      [ "mine" ] );
    ( "exit hooks",
      (fun () ->
        Main.at_exit (fun () -> Time.sleep_ns 10L >|= fun () -> print_endline "first registered");
        Main.at_exit (fun () -> print_endline "last registered"; Lwt.return_unit);
        Main.run (Lwt.pause ());
        print_endline "main is done"),
      0,
      [ "main is done\nlast registered\nfirst registered" ] );
    ( "iteration hooks",
      (fun () ->
        let enter = ref 0 and leave = ref 0 in
        Main.at_enter_iter (fun () -> incr enter);
        Main.at_leave_iter (fun () -> incr leave);
        Main.run (Time.sleep_ns 10L >>= fun () -> Time.sleep_ns 10L);
        Printf.printf "%b\n" (!enter = !leave && !enter >= 2)),
      0,
      [ "true" ] );
    ( "reboot",
      (fun () ->
        Fake_xenstored.start ();
        Hashtbl.replace Fake_xenstored.tree "/local/domain/1/control/shutdown" "reboot";
        Main.run (Lifecycle.await_shutdown_request () >|= ignore);
        at_exit (fun () -> print_endline "the program's own at_exit")),
      101,
      [ "the program's own at_exit" ] );
    ( "blocked for ever", (fun () -> Main.run (fst (Lwt.wait ()))), 99, [ "blocked for ever" ] );
    ( "log",
      (fun () ->
        Reporter.install ();
        let source = Logs.Src.create "test" in
        Fake.advance 12_345_678_000;
        Logs.warn ~src:source (fun m -> m "line of %d" 1);
        Logs.info ~src:source (fun m -> m ~header:"H" "more");
        Logs.debug ~src:source (fun m -> m "not shown");
        Main.run (Lwt.pause ())),
      0,
      [ "[  12.345678] WARNING test: line of 1\n[  12.345678] INFO test: [H] more\n" ] );
    ( "console",
      (fun () ->
        let console = Console.connect () in
        let type_in text =
          let ring = Byte_ring.v (Cstruct.of_bigarray (console_page ())) ~data:0 ~size:1024 ~cons:3072 ~prod:3076 in
          ignore (Byte_ring.write ring (Bytes.of_string text) 0 (String.length text) : int);
          Eventchn.notify (Eventchn.init ()) (Eventchn.of_int console_peer)
        in
        let line text = Console.read_line console >|= fun got -> equal "line" (Option.value ~default:"(none)") (Some text) got in
        Main.run
          ( Lwt.join [ line "first"; (Time.sleep_ns 10L >|= fun () -> type_in "fi"; type_in "rst\nsecond\rthi") ] >>= fun () ->
            line "second" >>= fun () ->
            Lwt.join [ line "third"; (Time.sleep_ns 10L >|= fun () -> type_in "rd\nrest") ] >>= fun () ->
            Console.read console >>= fun rest ->
            check "rest" (match rest with Ok (`Data data) -> Cstruct.to_string data = "rest" | _ -> false);
            let ended = Console.read_line console in
            Console.write console (Cstruct.of_string "written\n") >>= fun written ->
            check "written" (written = Ok ());
            Console.close console >>= fun () ->
            ended >>= fun line ->
            check "closed" (line = None);
            Console.write console Cstruct.empty >|= fun written -> check "closed" (written = Error `Closed) )),
      0,
      [ "written\n" ] );
  ]

let contains text part =
  let n = String.length part in
  let rec at i = i + n <= String.length text && (String.sub text i n = part || at (i + 1)) in
  at 0

let run_case (name, _, status, output) =
  test ("end: " ^ name) @@ fun () ->
  let file = Filename.temp_file "main" ".out" in
  let got = Sys.command (Filename.quote_command Sys.executable_name [ name ] ~stdout:file ~stderr:file) in
  let channel = open_in_bin file in
  let text = really_input_string channel (in_channel_length channel) in
  close_in channel;
  Sys.remove file;
  if got <> status then prerr_string text;
  int "status" status got;
  List.iter (fun part -> check (Printf.sprintf "%S in %S" part text) (contains text part)) output

let () =
  match Sys.argv with
  | [| _; name |] ->
      let _, f, _, _ = List.find (fun (other, _, _, _) -> other = name) cases in
      f ()
  | _ -> List.iter run_case cases
