(* SPDX-License-Identifier: ISC *)
(* What tools/bench_devices measures: tests/peer/init.c has the same exchange. Pings and UDP's port 7 are answered, of port 10 those
   datagrams whose first byte is 1; port 9 takes orders: "send COUNT SIZE", "read COUNT SIZE", "write COUNT SIZE", "gin COUNT SIZE" and
   "gout COUNT SIZE" for large segments (tests/dom0/raw.h), "stop". *)

open Lwt.Infix
open Xen_os

let word = Cstruct.BE.get_uint16
let set_word = Cstruct.BE.set_uint16
let add sum term = let sum = sum + term in (sum land 0xffff) + (sum lsr 16)
let ethernet, headers = (14, 42)

type host = { net : Netif.t; disk : Block.t; mac : string; ip : string; stop : unit Lwt_condition.t; turn : unit Lwt_condition.t }

let sent = function
  | Ok () -> ()
  | Error error -> Fmt.pr "wrong: %a\n%!" Netif.pp_error error

let send host ~size fill = Netif.write host.net ~size (fun buffer -> fill buffer; size) >|= sent

(* Ethernet and IPv4 addresses change places. *)
let turn host frame reply =
  Cstruct.blit frame 6 reply 0 6;
  Cstruct.blit_from_string host.mac 0 reply 6 6;
  Cstruct.blit frame 26 reply 30 4;
  Cstruct.blit_from_string host.ip 0 reply 26 4

let copy host frame size change =
  send host ~size (fun reply ->
      Cstruct.blit frame 0 reply 0 size;
      turn host frame reply;
      change reply)

(* A datagram of our own back to whoever sent the frame: the backend computes UDP's checksum, as it does for Linux. *)
let datagram host frame payload fill =
  let size = headers + payload in
  Netif.write_partial host.net ~size (fun reply ->
      Cstruct.blit frame 0 reply 0 headers;
      turn host frame reply;
      set_word reply 16 (size - ethernet);
      set_word reply 24 0;
      let rec sum at total = if at = 34 then total else sum (at + 2) (add total (word reply at)) in
      set_word reply 24 (lnot (sum 14 0) land 0xffff);
      Cstruct.blit frame 34 reply 36 2;
      Cstruct.blit frame 36 reply 34 2;
      set_word reply 38 (payload + 8);
      (* The pseudo header: the addresses, 17, the length. *)
      let rec pseudo at total = if at = 34 then total else pseudo (at + 2) (add total (word reply at)) in
      set_word reply 40 (pseudo 26 (add 17 (payload + 8)));
      fill (Cstruct.shift reply headers);
      size)
  >|= sent

let swap_ports frame reply =
  Cstruct.blit frame 34 reply 36 2;
  Cstruct.blit frame 36 reply 34 2

let buffer = lazy (Pages.to_cstruct (Pages.get 256))

let transfer host kind count size =
  let buffer = Cstruct.sub (Lazy.force buffer) 0 size in
  Block.get_info host.disk >>= fun info ->
  let sectors = size / info.sector_size in
  let rec go count at =
    if count = 0 then Lwt.return_unit
    else
      let at = if Int64.add at (Int64.of_int sectors) > info.size_sectors then 0L else at in
      let fail pp = function Ok () -> () | Error error -> Fmt.pr "wrong: %a\n%!" pp error in
      (if kind = "read" then Block.read host.disk at [ buffer ] >|= fail Block.pp_error
       else Block.write host.disk at [ buffer ] >|= fail Block.pp_write_error)
      >>= fun () -> go (count - 1) (Int64.add at (Int64.of_int sectors))
  in
  go count 0L

(* {2 Segments of TCP larger than a frame} *)

let tcp_headers, segment = (54, 1448)

let large host frame size =
  let length = tcp_headers + size in
  Netif.write_partial host.net ~segment ~size:length (fun packet ->
      Cstruct.blit frame 6 packet 0 6;
      Cstruct.blit_from_string host.mac 0 packet 6 6;
      set_word packet 12 0x0800;
      Cstruct.set_uint8 packet 14 0x45;
      set_word packet 16 (40 + size);
      set_word packet 20 0x4000;
      set_word packet 22 0x4006;
      Cstruct.blit_from_string "\x0a\x00\x00\xc8\x0a\x00\x00\xc9" 0 packet 26 8;
      let rec sum at last total = if at = last then total else sum (at + 2) last (add total (word packet at)) in
      set_word packet 24 (lnot (sum 14 34 0) land 0xffff);
      set_word packet 34 79;
      set_word packet 36 79;
      set_word packet 46 0x5010;
      set_word packet 50 (sum 26 34 (add 6 (20 + size)));
      length)
  >|= sent

(* How many are to come, and of what size. *)
let left, size_wanted = (ref 0, ref 0)

let obey host frame text =
  match String.split_on_char ' ' text with
  | [ "stop" ] ->
      Lwt_condition.signal host.stop ();
      Lwt.return_unit
  | [ "send"; count; size ] ->
      let size = int_of_string size in
      let rec go count = if count = 0 then Lwt.return_unit else datagram host frame size ignore >>= fun () -> go (count - 1) in
      go (int_of_string count)
  | [ "gout"; count; size ] ->
      let rec go count = if count = 0 then Lwt.return_unit else large host frame (int_of_string size) >>= fun () -> go (count - 1) in
      go (int_of_string count)
  | [ "gin"; count; size ] ->
      left := int_of_string count;
      size_wanted := int_of_string size;
      Lwt_condition.signal host.turn ();
      datagram host frame 4 (fun payload -> Cstruct.blit_from_string "done" 0 payload 0 4)
  | [ kind; count; size ] ->
      (* The frame's memory is kept meanwhile. *)
      transfer host kind (int_of_string count) (int_of_string size) >>= fun () ->
      datagram host frame 4 (fun payload -> Cstruct.blit_from_string "done" 0 payload 0 4)
  | _ -> Lwt.return_unit

let handle host frame =
  let length = Cstruct.length frame in
  if length < headers then Lwt.return_unit
  else
    match word frame 12 with
    | 0x0806 when word frame 20 = 1 && Cstruct.to_string ~off:38 ~len:4 frame = host.ip ->
        send host ~size:headers (fun reply ->
            Cstruct.blit frame 0 reply 0 headers;
            Cstruct.blit frame 6 reply 0 6;
            Cstruct.blit_from_string host.mac 0 reply 6 6;
            set_word reply 20 2;
            Cstruct.blit frame 22 reply 32 10;
            Cstruct.blit_from_string host.mac 0 reply 22 6;
            Cstruct.blit_from_string host.ip 0 reply 28 4)
    | 0x0800 -> (
        match (Cstruct.get_uint8 frame 23, word frame 36) with
        | 1, _ when Cstruct.get_uint8 frame 34 = 8 ->
            copy host frame length (fun reply ->
                Cstruct.set_uint8 reply 34 0;
                set_word reply 36 (add (word reply 36) 0x0800))
        | 17, 7 -> copy host frame length (swap_ports frame)
        | 17, 10 when Cstruct.get_uint8 frame headers = 1 ->
            datagram host frame (min 16 (length - headers)) (fun _ -> ())
        | 17, 9 -> obey host frame (Cstruct.to_string ~off:headers ~len:(word frame 38 - 8) frame)
        | _ -> Lwt.return_unit)
    | _ -> Lwt.return_unit

let is_large packet = Cstruct.length packet = tcp_headers + !size_wanted && Cstruct.get_uint8 packet 23 = 6

let take_large host packet =
  decr left;
  if !left = 0 then Lwt_condition.signal host.turn ();
  if Cstruct.get_uint8 packet tcp_headers = 1 then
    send host ~size:60 (fun reply ->
        Cstruct.blit packet 6 reply 0 6;
        Cstruct.blit_from_string host.mac 0 reply 6 6;
        set_word reply 12 0x88b5)
  else Lwt.return_unit

let main () =
  Lwt.both (Netif.connect "") (Block.connect "") >>= fun (net, disk) ->
  let stop = Lwt_condition.create () in
  let host = { net; disk; mac = Net_lib.Macaddr.to_octets (Netif.mac net); ip = "\x0a\x00\x00\x02"; stop; turn = Lwt_condition.create () } in
  let stopped = Lwt_condition.wait stop in
  let turned () = Lwt_condition.wait host.turn in
  let deliver ~checksum:_ ~segment:_ packet = if is_large packet then take_large host packet else handle host packet in
  let idle = 10_000_000_000L in
  (* Frames, but while large segments are to come, packets as they are. *)
  let rec listen () =
    (if !left = 0 then Lwt.pick [ (Netif.listen net ~header_size:ethernet (handle host) >|= ignore); turned () ]
     else Lwt.pick [ (Netif.listen_partial net deliver >|= ignore); turned (); (Time.sleep_ns idle >|= fun () -> left := 0) ])
    >>= listen
  in
  Lwt.pick [ stopped; listen () ] >>= fun () ->
  Netif.disconnect net >>= fun () -> Block.disconnect disk

let () =
  Reporter.install ();
  Main.run (main ())
