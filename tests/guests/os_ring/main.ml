(* SPDX-License-Identifier: ISC *)
(* Two domains and the stream of examples/kv between them. The command line says what this one does:

     send MIB [unchecked]      connects to data/peer, sends so many MiB, and compares checksums
     receive MIB [unchecked]   accepts data/peer's connection, receives so many, and sends the checksum
     echo           answers one peer after the other, as data/peer names them, until it says `stop`
     chatter        sends to one peer after the other for ever, likewise *)

open Lwt.Infix
open Xen_os

external command_line : unit -> string = "mirage_xen_get_cmdline"

let check what condition =
  if not condition then (
    Printf.printf "FAILED: %s\n" what;
    exit 1)

let peer_node = "data/peer"

(* The peer's number once it is another than [last]; None for `stop`. *)
let next_peer xs last =
  Xs.wait xs (fun h ->
      Lwt.catch (fun () -> Xs.read h peer_node) (fun _ -> Lwt.fail Xs_protocol.Eagain) >>= fun value ->
      if value = "" || value = last then Lwt.fail Xs_protocol.Eagain else Lwt.return value)

let piece = 65536

(* Unchecked: a check at each would be most of the test's instructions. *)
external get : bytes -> int -> int64 = "%caml_bytes_get64u"

(* A checksum over 8 bytes at a time, that depends on their order. *)
let checksum sum bytes length =
  assert (length <= Bytes.length bytes);
  let sum = ref sum in
  for i = 0 to (length / 8) - 1 do
    sum := (!sum * 31) + Int64.to_int (get bytes (8 * i))
  done;
  !sum

(* For what the stream alone costs. *)
let unchecked sum _bytes _length = sum

let rec read_whole stream bytes offset length =
  if length = 0 then Lwt.return_unit
  else Stream.read stream bytes offset length >>= fun count -> read_whole stream bytes (offset + count) (length - count)

let send add stream mib =
  let bytes = Bytes.init piece (fun i -> Char.chr ((i * 131 + (i lsr 8)) land 255)) in
  let rec pieces n sum =
    if n = 0 then Lwt.return sum
    else (
      Bytes.set_int64_le bytes 0 (Int64.of_int (n * 0x9e3779b1));
      Stream.write stream bytes 0 piece >>= fun () -> pieces (n - 1) (add sum bytes piece))
  in
  let start = Time.now () in
  pieces (mib * 16) 0 >>= fun sum ->
  let reply = Bytes.create 8 in
  read_whole stream reply 0 8 >|= fun () ->
  (* In a lab whose clocks count instructions, these are bytes for a thousand instructions of both sides and of Xen. *)
  Printf.printf "%d bytes in 1000 ns\n" (mib * 1024 * 1024 * 1000 / (Time.now () - start));
  check "the receiver's checksum" (Int64.to_int (Bytes.get_int64_le reply 0) = sum)

let receive add stream mib =
  let bytes = Bytes.create piece in
  let rec pieces n sum =
    if n = 0 then Lwt.return sum
    else read_whole stream bytes 0 piece >>= fun () -> pieces (n - 1) (add sum bytes piece)
  in
  pieces (mib * 16) 0 >>= fun sum ->
  let reply = Bytes.create 8 in
  Bytes.set_int64_le reply 0 (Int64.of_int sum);
  Stream.write stream reply 0 8 >>= fun () ->
  (* The sender closes. *)
  Lwt.catch (fun () -> Stream.read stream reply 0 1 >|= ignore) (fun _ -> Lwt.return_unit)

let echo stream =
  let bytes = Bytes.create 4096 in
  let rec loop () = Stream.read stream bytes 0 4096 >>= fun count -> Stream.write stream bytes 0 count >>= loop in
  loop ()

let chatter stream =
  let bytes = Bytes.make 1000 'c' in
  let rec loop n =
    Bytes.set_int64_le bytes 0 (Int64.of_int n);
    let back = Bytes.create 1000 in
    Stream.write stream bytes 0 1000 >>= fun () ->
    read_whole stream back 0 1000 >>= fun () ->
    check "what comes back" (Bytes.equal bytes back);
    if n = 100 then print_endline "100 answers";
    (* Then less busily, as dom0 has to get its turn on the one processor. *)
    (if n >= 100 then Time.sleep_ns 5_000_000L else Lwt.return_unit) >>= fun () -> loop (n + 1)
  in
  loop 0

(* One peer after the other. A peer that is replaced before it connected is given up. *)
let each_peer xs connect talk =
  let free = Xen.Export.num_free_grants () in
  let rec next last count =
    next_peer xs last >>= function
    | "stop" -> Lwt.return count
    | peer ->
        let replaced = next_peer xs peer >|= ignore in
        let session () =
          connect ~abandoned:replaced (int_of_string peer) >>= fun stream ->
          Printf.printf "connected to %s\n%!" peer;
          Lwt.catch (fun () -> Lwt.pick [ talk stream; Lwt.protected replaced ]) (function Stream.Closed -> Lwt.return_unit | error -> Lwt.fail error)
          >>= fun () ->
          Printf.printf "closing\n%!";
          Stream.close stream
        in
        Lwt.catch session (function Stream.Closed -> Lwt.return_unit | error -> Lwt.fail error) >>= fun () ->
        Printf.printf "%s is gone\n%!" peer;
        Lwt.cancel replaced;
        next peer (count + 1)
  in
  next "" 0 >|= fun count ->
  Printf.printf "%d peers, %d references missing\n" count (free - Xen.Export.num_free_grants ());
  check "no reference is missing" (free = Xen.Export.num_free_grants ())

let connect ~abandoned server = Stream.connect ~abandoned ~server ()
let accept ~abandoned client = Stream.accept ~abandoned ~client ()
let once f = next_peer f "" >|= int_of_string

let sum_of = function [ "unchecked" ] -> unchecked | _ -> checksum

let main () =
  Xs.make () >>= fun xs ->
  match String.split_on_char ' ' (command_line ()) with
  | "send" :: mib :: how ->
      once xs >>= fun server ->
      Stream.connect ~server () >>= fun stream ->
      send (sum_of how) stream (int_of_string mib) >>= fun () -> Stream.close stream
  | "receive" :: mib :: how ->
      once xs >>= fun client ->
      Stream.accept ~client () >>= fun stream ->
      receive (sum_of how) stream (int_of_string mib) >>= fun () -> Stream.close stream
  | [ "echo" ] -> each_peer xs accept echo
  | [ "chatter" ] -> each_peer xs connect chatter
  | _ -> Lwt.fail_with "send, receive, echo or chatter"

let () =
  Main.run (main ());
  print_endline "ok"
