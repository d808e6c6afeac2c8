(* SPDX-License-Identifier: ISC *)
(* For tests/net_backends.rs: answers the datagrams of a backend of ours as their ports say (xen_net_backend/packet.h), by asking the
   backend for more than it may take: what it does not take is refused, and then asked for less. Between them goes a datagram that nobody
   has asked for, with its checksum left to the backend, at any moment of a connection. *)

open Lwt.Infix
open Xen_os

external command_line : unit -> string = "mirage_xen_get_cmdline"

let word = Cstruct.BE.get_uint16
let set_word = Cstruct.BE.set_uint16
let plain, segment, stop = (7, 9, 10)
let short = 64
let segment_size = 1000

let sum part total =
  let rec from at total =
    if at + 1 < Cstruct.length part then from (at + 2) (total + word part at)
    else if at < Cstruct.length part then total + (Cstruct.get_uint8 part at lsl 8)
    else total
  in
  let rec fold total = if total > 0xffff then fold ((total land 0xffff) + (total lsr 16)) else total in
  fold (from 0 total)

(* What was sent and refused, by kind and version of IP. *)
let sent = Array.make_matrix 2 3 0
let refused = Array.make_matrix 2 3 0
let refused_large = ref 0
let count counts v6 kind = counts.(Bool.to_int v6).(kind - plain) <- counts.(Bool.to_int v6).(kind - plain) + 1

(* Writes an answer of that kind to a datagram, with [size] bytes of its payload. *)
let write_answer net frame ~kind ~v6 ~size answer =
  let header, width, at = if v6 then (40, 16, 8) else (20, 4, 12) in
  let head = if kind = segment then 20 else 8 in
  let protocol = if kind = segment then 6 else 17 in
  let length = Cstruct.length answer - 14 - header in
  let ip = Cstruct.shift answer 14 in
  let udp = Cstruct.shift ip header in
  let question = 14 + header in
  Cstruct.blit frame 6 answer 0 6;
  Cstruct.blit_from_string (Net_lib.Macaddr.to_octets (Netif.mac net)) 0 answer 6 6;
  Cstruct.blit frame 12 answer 12 (2 + header);
  Cstruct.blit frame (14 + at + width) ip at width;
  Cstruct.blit frame (14 + at) ip (at + width) width;
  set_word ip (if v6 then 4 else 2) (if v6 then length else length + 20);
  Cstruct.set_uint8 ip (if v6 then 6 else 9) protocol;
  if not v6 then (
    set_word ip 10 0;
    set_word ip 10 (lnot (sum (Cstruct.sub ip 0 20) 0) land 0xffff));
  Cstruct.blit frame (question + 2) udp 0 2;
  Cstruct.blit frame question udp 2 2;
  if kind = segment then (
    set_word udp 12 0x5010;
    set_word udp 14 0xffff)
  else set_word udp 4 length;
  for i = 0 to ((length - head) / size) - 1 do
    Cstruct.blit frame (question + 8) udp (head + (i * size)) size
  done;
  let pseudo = sum (Cstruct.sub ip at (2 * width)) (length + protocol) in
  let value = if kind = plain then lnot (sum udp pseudo) land 0xffff else pseudo in
  set_word udp (if kind = segment then 16 else 6) (if kind = plain && value = 0 then 0xffff else value);
  Cstruct.length answer

(* Whether the backend takes it so. *)
let send net frame ~kind ~v6 ~size =
  let times = if kind = segment then min 16 (60000 / size) else 1 in
  let length = 14 + (if v6 then 40 else 20) + (if kind = segment then 20 else 8) + (size * times) in
  let fill = write_answer net frame ~kind ~v6 ~size in
  (if kind = plain then Netif.write net ~size:length fill
   else Netif.write_partial net ~v6 ~segment:(if kind = segment then segment_size else 0) ~size:length fill)
  >|= function
  | Ok () ->
      count sent v6 kind;
      true
  | Error `Unimplemented ->
      count refused v6 kind;
      false
  | Error error ->
      Fmt.pr "wrong: a packet of %d bytes: %a\n%!" length Netif.pp_error error;
      false

let rec first_taken net frame ~kind ~v6 ~size =
  if kind < plain then Lwt.return_false
  else send net frame ~kind ~v6 ~size >>= fun taken -> if taken then Lwt.return_true else first_taken net frame ~kind:(kind - 1) ~v6 ~size

let answer net stopped frame =
  let size = Cstruct.length frame in
  let v6 = size > 62 && word frame 12 = 0x86dd in
  let udp = 14 + if v6 then 40 else 20 in
  let length = if size > 62 then word frame (udp + 4) else 0 in
  if (not (v6 || (size > 62 && word frame 12 = 0x0800))) || length > size - udp || length < 8 + short then Lwt.return_unit
  else (
    if Cstruct.to_string ~len:6 frame <> Net_lib.Macaddr.to_octets (Netif.mac net) then Fmt.pr "wrong: a frame for somebody else\n%!";
    let addresses = if v6 then Cstruct.sub frame 22 32 else Cstruct.sub frame 26 8 in
    if sum (Cstruct.sub frame udp length) (sum addresses (length + 17)) <> 0xffff then Fmt.pr "wrong: a datagram with another checksum\n%!";
    let kind = word frame (udp + 2) and size = length - 8 in
    if kind = stop then Lwt.wakeup_later stopped ();
    if kind < plain || kind > segment then Lwt.return_unit
    else
      first_taken net frame ~kind ~v6 ~size >>= function
      | true -> Lwt.return_unit
      | false -> (
          (* Too long for one page. *)
          incr refused_large;
          first_taken net frame ~kind:(min kind (segment - 1)) ~v6 ~size:short >|= function
          | true -> ()
          | false -> Fmt.pr "wrong: a short datagram is not taken\n%!"))

(* To nobody's port, over IPv4. *)
let unasked net buffer =
  Cstruct.blit_from_string "\x02\x00\x00\x00\x00\x01" 0 buffer 0 6;
  Cstruct.blit_from_string (Net_lib.Macaddr.to_octets (Netif.mac net)) 0 buffer 6 6;
  set_word buffer 12 0x0800;
  set_word buffer 14 0x4500;
  set_word buffer 16 46;
  Cstruct.set_uint8 buffer 23 17;
  60

let rec keep_sending net =
  Netif.write_partial net ~size:60 (unasked net) >>= function
  | Ok () | Error `Unimplemented -> Time.sleep_ns 200_000L >>= fun () -> keep_sending net
  | Error error -> Lwt.return (Fmt.pr "sending ends: %a\n%!" Netif.pp_error error)

let rec connect () = Lwt.catch (fun () -> Netif.connect "") (fun _ -> Time.sleep_ns 100_000_000L >>= connect)

let main () =
  (match int_of_string_opt (String.trim (command_line ())) with Some queues -> Netif.queues := queues | None -> ());
  connect () >>= fun net ->
  let ended, stopped = Lwt.wait () in
  let listening = Netif.listen net ~header_size:14 (answer net stopped) in
  Lwt.pick [ ended; keep_sending net; (listening >|= ignore) ] >>= fun () ->
  Netif.disconnect net >|= fun () ->
  let row counts = Fmt.str "%d %d %d" counts.(0) counts.(1) counts.(2) in
  List.iter (fun (v6, version) -> Fmt.pr "kinds over IP %d: sent %s refused %s\n" version (row sent.(v6)) (row refused.(v6))) [ (0, 4); (1, 6) ];
  Fmt.pr "large %d refused\n%!" !refused_large

let () =
  Reporter.install ();
  Main.run (main ())
