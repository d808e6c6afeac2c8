(* SPDX-License-Identifier: ISC *)
(* A frontend of a class of its own, whose backend and toolstack are a script in dom0 (tests/frontend.rs): what it is told to do is said,
   and waits, where told so, for the script. The command line says how it behaves. *)

open Lwt.Infix
open Xen_os

external command_line : unit -> string = "mirage_xen_get_cmdline"

let say format = Fmt.pr (format ^^ "\n%!")
let client = lazy (Xs.make ())

(* Waits until the script has written so much, which learns that it is waited for. *)
let go word =
  say "waits for %s" word;
  Lazy.force client >>= fun xs ->
  Xs.immediate xs (fun h -> Xs.write h "data/waits" word) >>= fun () ->
  let is_there h =
    Lwt.catch (fun () -> Xs.read h "data/go") (fun _ -> Lwt.return "") >>= fun value ->
    if value = word then Lwt.return_unit else Lwt.fail Xs_protocol.Eagain
  in
  Xs.wait xs is_there

(* [connect] is told how often it was called. *)
let driver ?(with_ = Device_state.Initialised) connect =
  let offers = ref 0 and connects = ref 0 in
  {
    Xen_frontend.class_ = "test";
    publish_with = with_;
    offer =
      (fun _ ->
        incr offers;
        Lwt.return_some [ ("ring-ref", string_of_int !offers) ]);
    connect =
      (fun _ ->
        incr connects;
        connect !connects);
    disconnect = (fun () -> say "disconnected");
    is_bound = (fun () -> true);
    changed = (fun _ -> Lwt.return_unit);
    watched = [];
    passing = [];
  }

let device = 3

(* Finds the protocol broken fifteen times, and once more at the end of a connect that the script decides. *)
let anew () =
  let connect = function
    | 1 -> Lwt.return_true
    | count when count < 17 -> Lwt.return_false
    | 17 -> go "anew" >|= fun () -> false
    | _ -> Lwt.return_true
  in
  Xen_frontend.connect (driver connect) device >>= fun _ -> go "end"

let plain () = Xen_frontend.connect (driver (fun _ -> Lwt.return_true)) device >>= fun _ -> go "end"

(* Writes the state that a toolstack gives the device anew with as soon as another one is there: before the frontend, which has more to ask
   xenstored for, has seen its own. Nobody can tell who writes. *)
let same () =
  Lazy.force client >>= fun xs ->
  let state = Printf.sprintf "device/test/%d/state" device in
  let published h = Xs.read h state >>= fun value -> if value = "3" then Lwt.return_unit else Lwt.fail Xs_protocol.Eagain in
  let rec anew times =
    if times = 0 then Lwt.return_unit
    else Xs.wait xs published >>= fun () -> Xs.immediate xs (fun h -> Xs.write h state "1") >>= fun () -> anew (times - 1)
  in
  Lwt.async (fun () -> anew 20);
  plain ()

(* Is closed while it is told that its backend is there again. *)
let closing () =
  let again, is_again = Lwt.wait () in
  let connect = function
    | 1 -> Lwt.return_true
    | _ ->
        Lwt.wakeup_later is_again ();
        go "closed" >|= fun () -> true
  in
  Xen_frontend.connect (driver connect) device >>= fun link ->
  again >>= fun () ->
  Xen_frontend.disconnect link >>= fun () ->
  say "closed";
  go "end"

(* Has all the watches that xenstored lets it have. *)
let watches () =
  Lazy.force client >>= fun xs ->
  let rec all count =
    Lwt.catch
      (fun () ->
        let name = Printf.sprintf "data/%d" count in
        Xs.immediate xs (fun h -> Xs.watch h name (Xs_protocol.Token.of_string name)) >|= fun () -> true)
      (fun error ->
        say "%d watches: %s" count (Printexc.to_string error);
        Lwt.return_false)
    >>= fun more -> if more && count < 5000 then all (count + 1) else Lwt.return_unit
  in
  all 0 >>= fun () ->
  Lwt.catch
    (fun () -> Xen_frontend.connect (driver (fun _ -> Lwt.return_true)) device >|= fun _ -> say "wrong: connected")
    (function Failure reason -> say "refused: %s" reason; Lwt.return_unit | error -> Lwt.fail error)

(* An interface that is wanted again while its last use ends. *)
let again () =
  Netif.connect "0" >>= fun first ->
  let ended = Netif.disconnect first in
  Netif.connect "0" >>= fun second ->
  if Lwt.state ended = Lwt.Sleep then say "wrong: connected before the end";
  if first == second || not (Netif.is_connected second) then say "wrong: the one that ended";
  Netif.disconnect second

let main =
  match command_line () with
  | "anew" -> anew
  | "same" -> same
  | "closing" -> closing
  | "watches" -> watches
  | "again" -> again
  | _ -> plain

let () =
  Reporter.install ();
  Main.run (main ())
