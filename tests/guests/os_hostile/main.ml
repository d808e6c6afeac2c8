(* SPDX-License-Identifier: ISC *)
(* Two interfaces, for tests/hostile_net.rs: the first answers as 10.0.0.2; of the second one's backend nothing is expected. *)

open Lwt.Infix
open Xen_os

let word = Cstruct.BE.get_uint16
let set_word = Cstruct.BE.set_uint16

let send net size fill =
  Netif.write net ~size (fun frame -> fill frame; size) >|= function
  | Ok () | Error `Disconnected -> ()
  | Error error -> Fmt.pr "wrong: %a\n%!" Netif.pp_error error

(* An answer to [frame], of as many of its bytes as [size]. *)
let answer net frame size change =
  send net size (fun reply ->
      Cstruct.blit frame 0 reply 0 size;
      Cstruct.blit frame 6 reply 0 6;
      Cstruct.blit_from_string (Net_lib.Macaddr.to_octets (Netif.mac net)) 0 reply 6 6;
      change reply)

let swap frame one other length =
  let kept = Cstruct.to_string ~off:one ~len:length frame in
  Cstruct.blit frame other frame one length;
  Cstruct.blit_from_string kept 0 frame other length

(* ARP for [address], which is 10.0.NUMBER.2. *)
let arp net number frame =
  let own = Printf.sprintf "\x0a\x00%c\x02" (Char.chr number) in
  if Cstruct.length frame >= 42 && word frame 20 = 1 && Cstruct.to_string ~off:38 ~len:4 frame = own then
    answer net frame 42 (fun reply ->
        set_word reply 20 2;
        Cstruct.blit frame 22 reply 32 10;
        Cstruct.blit reply 6 reply 22 6;
        Cstruct.blit_from_string own 0 reply 28 4)
  else Lwt.return_unit

(* Pings and datagrams in one frame. *)
let ipv4 net stop frame =
  let size = if Cstruct.length frame >= 42 then 14 + word frame 16 else 0 in
  if size < 42 || size > Cstruct.length frame || Cstruct.get_uint8 frame 14 <> 0x45 || word frame 20 land 0x3fff <> 0 then Lwt.return_unit
  else
    let turned change = answer net frame size (fun reply -> swap reply 26 30 4; change reply) in
    match (Cstruct.get_uint8 frame 23, word frame 36) with
    | 1, _ when Cstruct.get_uint8 frame 34 = 8 ->
        turned (fun reply ->
            Cstruct.set_uint8 reply 34 0;
            let sum = word reply 36 + 0x0800 in
            set_word reply 36 ((sum land 0xffff) + (sum lsr 16)))
    | 17, 7 -> turned (fun reply -> swap reply 34 36 2)
    | 17, 9 ->
        Lwt.wakeup_later stop ();
        Lwt.return_unit
    | _ -> Lwt.return_unit

let host net stop frame =
  match if Cstruct.length frame < 14 then 0 else word frame 12 with
  | 0x0806 -> arp net 0 frame
  | 0x0800 -> ipv4 net stop frame
  | _ -> Lwt.return_unit

let witness = Bytes.init (1 lsl 20) (fun i -> Char.chr (i * 31 land 255))

(* Takes what comes, as frames, of any size that a backend makes them, or as it came, and answers ARP. *)
let rec any net kept =
  let looked = ref 0 in
  let fits most frame =
    let size = Cstruct.length frame in
    if size = 0 || size > most then Fmt.pr "wrong: a frame of %d bytes\n%!" size;
    incr looked
  in
  let take frame =
    fits 32768 frame;
    (* Some are kept for long, so that buffers that are in use are not used again. *)
    kept.(!looked land 63) <- (frame, Cstruct.to_string frame);
    let old, copy = kept.((!looked + 1) land 63) in
    if Cstruct.to_string old <> copy then Fmt.pr "wrong: a frame has changed\n%!";
    if Cstruct.length frame >= 14 && word frame 12 = 0x0806 then arp net 1 frame else Lwt.return_unit
  in
  (* A packet is its own for as long as the promise says. *)
  let partial ~checksum:_ ~segment:_ packet =
    fits 65553 packet;
    if !looked land 7 > 0 then Lwt.return_unit
    else
      let copy = Cstruct.to_string packet in
      Time.sleep_ns 3_000_000L >|= fun () -> if Cstruct.to_string packet <> copy then Fmt.pr "wrong: a packet has changed\n%!"
  in
  Lwt.pick [ (Netif.listen net ~header_size:14 take >|= ignore); Time.sleep_ns 300_000_000L ] >>= fun () ->
  Lwt.pick [ (Netif.listen_partial net partial >|= ignore); Time.sleep_ns 300_000_000L ] >>= fun () -> any net kept

(* Memory that is given back with something in it, which no backend is to be shown. *)
let dirty () =
  List.iter (fun piece -> Cstruct.memset piece 0xa5) (List.init 16 (fun _ -> Cstruct.create_unsafe (1 lsl 20)));
  Gc.full_major ()

let rec connect id = Lwt.catch (fun () -> Netif.connect id) (fun _ -> connect id)

let main () =
  Netif.queues := 4;
  dirty ();
  let stopped, stop = Lwt.wait () in
  Netif.connect "0" >>= fun good ->
  let listening = Netif.listen good ~header_size:14 (host good stop) in
  let wild = connect "7" >>= fun net -> any net (Array.make 64 (Cstruct.empty, "")) in
  Lwt.pick [ stopped; (listening >|= ignore); wild ] >|= fun () ->
  Bytes.iteri (fun i byte -> if Char.code byte <> i * 31 land 255 then failwith "wrong: memory has changed") witness

let () =
  Reporter.install ();
  Main.run (main ())
