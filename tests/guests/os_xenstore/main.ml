(* SPDX-License-Identifier: ISC *)
(* Everything a domain may do with a real xenstore. Dom0 makes many with 1000 children, then many-ready. *)

open Lwt.Infix
open Xen_os

external command_line : unit -> string = "mirage_xen_get_cmdline"

let check what condition =
  if not condition then (
    Printf.printf "FAILED: %s\n" what;
    exit 1)

let same what expected got =
  if expected <> got then (
    Printf.printf "FAILED: %s: %S, not %S\n" what got expected;
    exit 1)

let fails what is promise =
  Lwt.try_bind
    (fun () -> promise)
    (fun _ -> check (what ^ ": no error") false; Lwt.return_unit)
    (fun error -> check (what ^ ": " ^ Printexc.to_string error) (is error); Lwt.return_unit)

let is_enoent = function Xs_protocol.Enoent _ -> true | _ -> false
let is_eacces = function Xs_protocol.Error "EACCES" -> true | _ -> false

let basics h =
  Xs.write h "data/a/b" "one" >>= fun () ->
  Xs.read h "data/a/b" >>= fun value ->
  same "value" "one" value;
  let bytes = String.init 200 (fun i -> Char.chr (i + 1)) in
  Xs.write h "data/a/c" bytes >>= fun () ->
  Xs.read h "data/a/c" >>= fun value ->
  same "bytes" bytes value;
  Xs.mkdir h "data/a/d" >>= fun () ->
  Xs.mkdir h "data/a/d" >>= fun () ->
  Xs.directory h "data/a" >>= fun names ->
  same "names" "b c d" (String.concat " " (List.sort compare names));
  Xs.rm h "data/a" >>= fun () ->
  fails "removed" is_enoent (Xs.read h "data/a/b") >>= fun () ->
  let large = String.make 2000 'x' in
  Xs.write h "data/large" large >>= fun () ->
  Xs.read h "data/large" >>= fun value ->
  same "large" large value;
  fails "too large" (( = ) (Xs_protocol.Error "E2BIG")) (Xs.write h "data/large" (String.make 5000 'x')) >>= fun () ->
  Xs.rm h "data/large" >>= fun () ->
  Xs.read h "domid" >>= fun domid ->
  Xs.getdomainpath h (int_of_string domid) >|= fun path ->
  same "home" ("/local/domain/" ^ domid) path;
  int_of_string domid

let permissions h me =
  fails "dom0's" is_eacces (Xs.write h "/local/domain/0/x" "no") >>= fun () ->
  fails "our name" is_eacces (Xs.write h "name" "no") >>= fun () ->
  let acl other acl = Xs_protocol.ACL.{ owner = me; other; acl } in
  Xs.write h "data/private" "secret" >>= fun () ->
  Xs.setperms h "data/private" (acl NONE [ (0, READ) ]) >>= fun () ->
  Xs.setperms h "data/private" (acl RDWR []) >>= fun () ->
  fails "to give away" (fun error -> is_eacces error || error = Xs_protocol.Error "EPERM")
    (Xs.setperms h "data/private" Xs_protocol.ACL.{ owner = 0; other = NONE; acl = [] })
  >>= fun () -> Xs.rm h "data/private"

let increment h = Xs.read h "data/n" >>= fun n -> Xs.write h "data/n" (string_of_int (int_of_string n + 1))

let transactions xs =
  let immediate f = Xs.immediate xs f in
  let tries = ref 0 in
  immediate (fun h -> Xs.write h "data/n" "0") >>= fun () ->
  Xs.transaction xs (fun t ->
      incr tries;
      increment t >>= fun () -> if !tries <= 3 then immediate (fun h -> Xs.write h "data/n" (string_of_int (10 * !tries))) else Lwt.return_unit)
  >>= fun () ->
  Printf.printf "%d tries\n" !tries;
  check "there were conflicts" (!tries = 4);
  immediate (fun h -> Xs.read h "data/n") >>= fun n ->
  same "after the conflicts" "31" n;
  fails "its exception" (( = ) Exit) (Xs.transaction xs (fun t -> increment t >>= fun () -> Lwt.fail Exit)) >>= fun () ->
  immediate (fun h -> Xs.read h "data/n") >>= fun n ->
  same "nothing took effect" "31" n;
  Xs.transaction xs (fun t -> Xs.write t "data/t/x" "1" >>= fun () -> Xs.directory t "data/t") >>= fun names ->
  same "its own changes are seen" "x" (String.concat " " names);
  (* Five at a time: the daemon allows ten. *)
  Lwt_list.iter_s (fun _ -> Lwt.join (List.init 5 (fun _ -> Xs.transaction xs increment))) [ 1; 2; 3; 4 ] >>= fun () ->
  immediate (fun h -> Xs.read h "data/n") >|= same "twenty increments" "51"

let pipelined xs =
  let one i =
    Xs.immediate xs (fun h ->
        let path = Printf.sprintf "data/p/%d" (i mod 100) in
        Xs.write h path (string_of_int i) >>= fun () -> Xs.read h path)
    >|= ignore
  in
  Lwt.join (List.init 1000 one) >>= fun () -> Xs.immediate xs (fun h -> Xs.rm h "data/p")

let until xs path wanted =
  Xs.wait xs (fun h ->
      Lwt.catch (fun () -> Xs.read h path) (function Xs_protocol.Enoent _ -> Lwt.return "" | error -> Lwt.fail error)
      >>= fun value -> if value = wanted then Lwt.return_unit else Lwt.fail Xs_protocol.Eagain)

let storm xs count =
  Xs.immediate xs (fun h -> Xs.write h "data/w" "0") >>= fun () ->
  let waiting = until xs "data/w" (string_of_int count) in
  let rec writes n =
    if n > count then Lwt.return_unit
    else Xs.immediate xs (fun h -> Xs.write h "data/w" (string_of_int n)) >>= fun () -> writes (n + 1)
  in
  writes 1 >>= fun () -> waiting

let many xs =
  until xs "many-ready" "yes" >>= fun () ->
  Lwt.catch
    (fun () -> Xs.immediate xs (fun h -> Xs.directory h "many"))
    (function
      | Xs_protocol.Error "E2BIG" ->
          (* All that oxenstored can say. *)
          print_endline "E2BIG";
          exit 0
      | error -> Lwt.fail error)
  >|= fun names ->
  let expected = List.init 1000 (fun i -> Printf.sprintf "entry%04d" (i + 1)) in
  Printf.printf "%d names\n" (List.length names);
  check "all of them" (List.sort compare names = expected)

let cancelled xs =
  Xs.immediate xs (fun h -> Xs.write h "data/never" "") >>= fun () ->
  let waits = List.init 20 (fun _ -> until xs "data/never" "x") in
  Time.sleep_ns 50_000_000L >>= fun () ->
  List.iter Lwt.cancel waits;
  Lwt_list.iter_s (fun promise -> Lwt.catch (fun () -> promise) (fun _ -> Lwt.return_unit)) waits >>= fun () ->
  until xs "data/never" ""

let main () =
  Xs.make () >>= fun xs ->
  Xs.immediate xs basics >>= fun me ->
  print_endline "basics";
  Xs.immediate xs (fun h -> permissions h me) >>= fun () ->
  print_endline "permissions";
  transactions xs >>= fun () ->
  print_endline "transactions";
  pipelined xs >>= fun () ->
  print_endline "pipelined";
  storm xs (try int_of_string (command_line ()) with _ -> 10_000) >>= fun () ->
  print_endline "storm";
  cancelled xs >>= fun () ->
  print_endline "cancelled";
  many xs

let () =
  Main.run (main ());
  print_endline "ok"
