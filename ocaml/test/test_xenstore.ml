(* SPDX-License-Identifier: ISC *)

open Lwt.Infix
open Xen_os
open Fake

let () = Fake_xenstored.start ()

let with_xs name f =
  test name @@ fun () ->
  Main.run (Xs.make () >>= f)

let immediate f xs = Xs.immediate xs f

let fails what is promise =
  Lwt.try_bind
    (fun () -> promise)
    (fun _ -> check (what ^ ": no error") false; Lwt.return_unit)
    (fun error -> check (what ^ ": " ^ Printexc.to_string error) (is error); Lwt.return_unit)

let is_enoent path = function Xs_protocol.Enoent p -> p = path | _ -> false
let is_error name = function Xs_protocol.Error n -> n = name | _ -> false

let () =
  with_xs "read, write, list, remove" @@ immediate @@ fun h ->
  Xs.write h "/a/b" "one" >>= fun () ->
  Xs.write h "/a/c" "two\000three" >>= fun () ->
  Xs.read h "/a/b" >>= fun value ->
  string "value" "one" value;
  Xs.read h "/a/c" >>= fun value ->
  string "any bytes" "two\000three" value;
  Xs.directory h "/a" >>= fun names ->
  strings "names" [ "b"; "c" ] (List.sort compare names);
  Xs.mkdir h "/a/d" >>= fun () ->
  Xs.read h "/a/d" >>= fun value ->
  string "empty" "" value;
  Xs.rm h "/a" >>= fun () ->
  fails "gone" (is_enoent "/a/b") (Xs.read h "/a/b") >>= fun () ->
  Xs.directory h "/a" >>= fun names ->
  strings "none" [] names;
  Xs.write h "relative" "mine" >>= fun () ->
  Xs.read h "/local/domain/1/relative" >>= fun value ->
  string "relative paths" "mine" value;
  Xs.getdomainpath h 7 >|= string "path" "/local/domain/7"

let () =
  with_xs "errors" @@ immediate @@ fun h ->
  fails "refused" (is_error "EACCES") (Xs.read h "/forbidden/x") >>= fun () ->
  fails "too long" (is_error "E2BIG") (Xs.write h "/long" (String.make 5000 'x')) >>= fun () ->
  fails "a zero byte" (( = ) Xs_protocol.Invalid) (Xs.read h "/a\000b") >>= fun () ->
  Xs.setperms h "/p" Xs_protocol.ACL.{ owner = 1; other = NONE; acl = [ (2, READ); (3, RDWR) ] }

let () =
  test "permissions as text" @@ fun () ->
  let open Xs_protocol.ACL in
  let acl = { owner = 1; other = NONE; acl = [ (2, READ); (30, RDWR); (4, WRITE) ] } in
  string "sent" "n1\000r2\000b30\000w4" (to_string acl);
  check "back" (of_string (to_string acl) = Some acl);
  List.iter (fun text -> check text (of_string text = None)) [ ""; "x1"; "r"; "r-1"; "r1\000q" ]

let () =
  with_xs "a value of 4000 bytes passes through the ring of 1024" @@ immediate @@ fun h ->
  let value = String.init 4000 (fun i -> Char.chr (i land 255)) in
  Xs.write h "/large" value >>= fun () -> Xs.read h "/large" >|= string "value" value

let () =
  with_xs "a directory of 1000 entries comes in parts" @@ fun xs ->
  let names = List.init 1000 (Printf.sprintf "entry%04d") in
  List.iter (fun name -> Hashtbl.replace Fake_xenstored.tree ("/many/" ^ name) "") names;
  Xs.immediate xs (fun h -> Xs.directory h "/many") >>= fun got ->
  strings "all of them" names (List.sort compare got);
  (* It changes between the parts. *)
  let rec disturb n = if n = 0 then Lwt.return_unit else (incr Fake_xenstored.generation; Time.sleep_ns 1L >>= fun () -> disturb (n - 1)) in
  Lwt.join
    [
      disturb 3;
      ( Xs.immediate xs (fun h -> Xs.directory h "/many") >|= fun got ->
        int "consistent" 1000 (List.length (List.sort_uniq compare got)) );
    ]
  >>= fun () ->
  Fake_xenstored.in_parts := false;
  fails "a daemon that has no parts" (is_error "E2BIG") (Xs.immediate xs (fun h -> Xs.directory h "/many")) >>= fun () ->
  Xs.immediate xs (fun h -> Xs.rm h "/many")

let () =
  with_xs "200 requests at the same time" @@ fun xs ->
  let one i =
    Xs.immediate xs (fun h ->
        let path = Printf.sprintf "/n/%d" i in
        Xs.write h path (string_of_int i) >>= fun () ->
        Xs.read h path >|= string "its own value" (string_of_int i))
  in
  Lwt.join (List.init 200 one) >>= fun () -> Xs.immediate xs (fun h -> Xs.rm h "/n")

let () =
  with_xs "transactions: all or nothing, and again after a conflict" @@ fun xs ->
  let tries = ref 0 in
  Xs.immediate xs (fun h -> Xs.write h "/t" "0") >>= fun () ->
  Xs.transaction xs (fun t ->
      incr tries;
      Xs.read t "/t" >>= fun value ->
      (if !tries <= 3 then Xs.immediate xs (fun h -> Xs.write h "/t" (string_of_int (10 * !tries))) else Lwt.return_unit)
      >>= fun () ->
      Xs.write t "/t" (string_of_int (int_of_string value + 1)))
  >>= fun () ->
  int "tries" 4 !tries;
  Xs.immediate xs (fun h -> Xs.read h "/t") >>= fun value ->
  string "on top of the last change" "31" value;
  fails "its exception" (( = ) Exit) (Xs.transaction xs (fun t -> Xs.write t "/t" "no" >>= fun () -> Lwt.fail Exit))
  >>= fun () ->
  Xs.immediate xs (fun h -> Xs.read h "/t") >|= fun value ->
  string "no effect" "31" value;
  int "none left open" 0 (Hashtbl.length Fake_xenstored.transactions)

let () =
  with_xs "100 clients count to 100 in transactions" @@ fun xs ->
  let add () =
    Xs.transaction xs (fun t -> Xs.read t "/t" >>= fun value -> Xs.write t "/t" (string_of_int (int_of_string value + 1)))
  in
  Xs.immediate xs (fun h -> Xs.write h "/t" "0") >>= fun () ->
  Lwt.join (List.init 100 (fun _ -> add ())) >>= fun () ->
  check "there were conflicts" (!Fake_xenstored.conflicts > 10);
  Xs.immediate xs (fun h -> Xs.read h "/t") >|= string "none lost" "100"

let until xs path wanted =
  Xs.wait xs (fun h ->
      Xs.read h path >>= fun value -> if value = wanted then Lwt.return_unit else Lwt.fail Xs_protocol.Eagain)

let () =
  with_xs "wait: a storm of 10 000 changes, the last of which counts" @@ fun xs ->
  Fake_xenstored.set "/w" "0" >>= fun () ->
  let waiting = until xs "/w" "10000" in
  let rec storm n = if n > 10_000 then Lwt.return_unit else Fake_xenstored.set "/w" (string_of_int n) >>= fun () -> storm (n + 1) in
  storm 1 >>= fun () ->
  waiting >|= fun () -> int "no watch is left" 0 (List.length !Fake_xenstored.watches)

let () =
  with_xs "wait: cancelled ones leave no watch, others go on" @@ fun xs ->
  Fake_xenstored.set "/w" "0" >>= fun () ->
  let first = until xs "/w" "1" and second = until xs "/w" "1" in
  Time.sleep_ns 1000L >>= fun () ->
  int "watches" 2 (List.length !Fake_xenstored.watches);
  Lwt.cancel first;
  Time.sleep_ns 1000L >>= fun () ->
  int "watches" 1 (List.length !Fake_xenstored.watches);
  Fake_xenstored.set "/w" "1" >>= fun () ->
  second >>= fun () ->
  fails "other errors end it" (is_enoent "/w/none") (Xs.wait xs (fun h -> Xs.read h "/w/none")) >|= fun () ->
  int "none left" 0 (List.length !Fake_xenstored.watches)

let () =
  with_xs "watches by hand" @@ immediate @@ fun h ->
  let token = Xs_protocol.Token.of_string "mine" in
  Xs.watch h "/w" token >>= fun () ->
  fails "there is one" (( = ) Xs_protocol.Eexist) (Xs.watch h "/w" token) >>= fun () ->
  Xs.unwatch h "/w" token >>= fun () -> fails "there is none" (is_enoent "/w") (Xs.unwatch h "/w" token)

let () =
  with_xs "suspending holds requests back" @@ fun xs ->
  Xs.suspend xs >>= fun () ->
  let read = Xs.immediate xs (fun h -> Xs.read h "/w") in
  Time.sleep_ns 1000L >>= fun () ->
  check "held back" (Lwt.is_sleeping read);
  Xs.resume xs >>= fun () ->
  read >|= string "value" "1"

let () =
  with_xs "a cancelled request does not disturb those after it" @@ fun xs ->
  let h f = Xs.immediate xs f in
  let resume_daemon = let held, resume = Lwt.wait () in Fake_xenstored.hold := held; resume in
  let first = h (fun h -> Xs.read h "/w") and second = h (fun h -> Xs.read h "/t") in
  Lwt.cancel first;
  Lwt.wakeup_later resume_daemon ();
  second >>= fun value ->
  string "its value" "100" value;
  fails "cancelled" (( = ) Lwt.Canceled) first

let () =
  with_xs "lifecycle: features are advertised, requests acknowledged, suspend refused" @@ fun _ ->
  let value name = Hashtbl.find_opt Fake_xenstored.tree ("/local/domain/1/control/" ^ name) in
  let request word = Fake_xenstored.set "control/shutdown" word in
  request "" >>= fun () ->
  let asked = Lifecycle.await_shutdown_request ~can_reboot:true () in
  Time.sleep_ns 1000L >>= fun () ->
  check "poweroff" (value "feature-poweroff" = Some "1");
  check "reboot" (value "feature-reboot" = Some "1");
  request "suspend" >>= fun () ->
  Time.sleep_ns 1000L >>= fun () ->
  check "not acknowledged" (Lwt.is_sleeping asked && value "shutdown" = Some "suspend");
  request "halt" >>= fun () ->
  asked >>= fun reason ->
  check "halt is poweroff" (reason = `Poweroff && value "shutdown" = Some "");
  Hashtbl.remove Fake_xenstored.tree "/local/domain/1/control/shutdown";
  let asked = Lifecycle.await_shutdown_request () in
  Time.sleep_ns 1000L >>= fun () ->
  check "not reboot" (value "feature-reboot" = Some "0");
  request "reboot" >>= fun () ->
  asked >>= fun reason ->
  check "reboot" (reason = `Reboot);
  (* So that this process ends as one that powers off. *)
  let asked = Lifecycle.await_shutdown_request () in
  request "poweroff" >>= fun () -> asked >|= ignore

let () =
  with_xs "a corrupt ring: requests fail, and the daemon that can reconnects" @@ fun xs ->
  let ring = Lazy.force Fake_xenstored.ring in
  Cstruct.LE.set_uint32 ring 2064 1l;
  let waiting = until xs "/w" "2" in
  Time.sleep_ns 1000L >>= fun () ->
  let watches = !Fake_xenstored.watches in
  int "a watch" 1 (List.length watches);
  Fake_xenstored.hold := fst (Lwt.wait ());
  let lost = Xs.immediate xs (fun h -> Xs.read h "/w") in
  Time.sleep_ns 1000L >>= fun () ->
  (* More replies than the ring holds. *)
  Cstruct.LE.set_uint32 ring 2060 (Int32.add (Cstruct.LE.get_uint32 ring 2056) 5000l);
  raise_event 1;
  fails "lost" (is_error "ECONNRESET") lost >>= fun () ->
  check "asks to reconnect" (Cstruct.LE.get_uint32 ring 2068 = 1l);
  (* What the daemon does: forgets this domain's watches and empties the ring. *)
  Fake_xenstored.watches := [];
  List.iter (fun offset -> Cstruct.LE.set_uint32 ring offset 0l) [ 2048; 2052; 2056; 2060; 2068 ];
  Fake_xenstored.hold := Lwt.return_unit;
  Fake_xenstored.start ();
  raise_event 1;
  Time.sleep_ns 1000L >>= fun () ->
  strings "the watch is back" (List.map fst watches) (List.map fst !Fake_xenstored.watches);
  Fake_xenstored.set "/w" "2" >>= fun () ->
  waiting >>= fun () -> Xs.immediate xs (fun h -> Xs.read h "/w") >|= string "works again" "2"
