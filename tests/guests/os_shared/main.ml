(* SPDX-License-Identifier: ISC *)
(* One connection to xenstore for a Solo5 device and for the program: replies and events that come while the device waits. *)

open Lwt.Infix
open Xen_os

external acquire : unit -> int = "shared_acquire"
external round : int -> bytes -> int = "shared_round"
external yield : int -> unit = "shared_yield"

let check what condition =
  if not condition then (
    Printf.printf "FAILED: %s\n" what;
    exit 1)

let write_and_read sector =
  let bytes = Bytes.init 512 (fun i -> Char.chr ((i + sector) land 255)) in
  let written = Bytes.copy bytes in
  check "the disk's result" (round sector bytes = 0);
  check "the disk's contents" (Bytes.equal written bytes)

let until xs path wanted =
  Xs.wait xs (fun h ->
      Lwt.catch (fun () -> Xs.read h path) (function Xs_protocol.Enoent _ -> Lwt.return "" | error -> Lwt.fail error)
      >>= fun value -> if value = wanted then Lwt.return_unit else Lwt.fail Xs_protocol.Eagain)

let main () =
  Xs.make () >>= fun xs ->
  let read () = Xs.immediate xs (fun h -> Xs.read h "domid") in
  read () >>= fun domid ->
  (* More than are under way at once, and while they are the device is connected. *)
  let replies = List.init 100 (fun _ -> read ()) in
  let sectors = acquire () in
  check "acquired" (sectors = 64);
  Lwt_list.iter_s (fun reply -> reply >|= fun value -> check "its reply" (value = domid)) replies >>= fun () ->
  print_endline "replies";
  let dom0 = until xs "data/dom0" "ready" in
  (* Its event comes while nobody but the device listens. *)
  for _ = 1 to 40 do
    yield 100
  done;
  dom0 >>= fun () ->
  print_endline "events";
  let rec rounds n =
    if n = 0 then Lwt.return_unit
    else (
      let change = Xs.immediate xs (fun h -> Xs.write h "data/n" (string_of_int n)) in
      write_and_read (n mod sectors);
      yield 1;
      change >>= fun () -> rounds (n - 1))
  in
  let last = until xs "data/n" "1" in
  rounds 200 >>= fun () ->
  last >>= fun () ->
  print_endline "rounds";
  Xs.transaction xs (fun h ->
      Xs.read h "data/n" >>= fun n ->
      write_and_read 7;
      Xs.write h "data/n" (n ^ "0"))
  >>= fun () ->
  Xs.immediate xs (fun h -> Xs.read h "data/n") >|= fun n -> check "the transaction" (n = "10")

let () =
  Main.run (main ());
  print_endline "ok"
