(* SPDX-License-Identifier: ISC *)
(* A host that answers: ARP, pings, and datagrams to UDP's port 7, of any size, on the domain's first network interface.
   `make run EXAMPLE=echo`. The command line has its IPv4 address, else it is 10.0.0.2, and then, if that is to be more than one, the
   number of queues that the interface has. It ends when the toolstack asks it to, or when a datagram to port 9 says "stop".

   Each answer is the question turned round, written where the interface sends it from. *)

open Lwt.Infix
open Xen_os

external command_line : unit -> string = "mirage_xen_get_cmdline"

let byte = Cstruct.get_uint8
let word = Cstruct.BE.get_uint16
let set_byte = Cstruct.set_uint8
let set_word = Cstruct.BE.set_uint16

(* {2 Ethernet: destination, source, type} *)

let ethernet = 14
let arp_type, ipv4_type = (0x0806, 0x0800)

type host = { net : Netif.t; mac : Cstruct.t; ip : Cstruct.t; stop : unit Lwt_condition.t }

(* An answer to [frame]: a copy of its first [size] bytes to whoever sent it, which [change] makes an answer. *)
let answer host frame size change =
  Netif.write host.net ~size (fun reply ->
      Cstruct.blit frame 0 reply 0 size;
      Cstruct.blit frame 6 reply 0 6;
      Cstruct.blit host.mac 0 reply 6 6;
      change (Cstruct.shift reply ethernet);
      size)
  >|= function
  | Ok () -> ()
  | Error error -> Fmt.pr "echo: %a\n%!" Netif.pp_error error

let swap ~length one other packet =
  let kept = Cstruct.to_string ~off:one ~len:length packet in
  Cstruct.blit packet other packet one length;
  Cstruct.blit_from_string kept 0 packet other length

(* {2 ARP (RFC 826): who has our address?} *)

let arp_size = 28
let request, reply = (1, 2)

let arp host frame =
  let packet = Cstruct.shift frame ethernet in
  if Cstruct.length packet >= arp_size && word packet 6 = request && Cstruct.equal (Cstruct.sub packet 24 4) host.ip then
    answer host frame (ethernet + arp_size) (fun packet ->
        set_word packet 6 reply;
        Cstruct.blit packet 8 packet 18 10;
        Cstruct.blit host.mac 0 packet 8 6;
        Cstruct.blit host.ip 0 packet 14 4)
  else Lwt.return_unit

(* {2 IPv4 (RFC 791)} *)

let icmp, udp = (1, 17)
let add sum term = let sum = sum + term in (sum land 0xffff) + (sum lsr 16)

let checksum packet length =
  let rec from at sum = if at >= length then lnot sum land 0xffff else from (at + 2) (add sum (word packet at)) in
  from 0 0

(* The header of an answer: addresses change places, and it may travel as far as any. *)
let turn_round packet header =
  swap ~length:4 12 16 packet;
  set_byte packet 8 64;
  set_word packet 10 0;
  set_word packet 10 (checksum packet header)

(* A long datagram comes in fragments, of which the first says what it is. The others are told by its number. *)
let fragmented : string option array = Array.make 64 None
let datagram packet = Cstruct.to_string ~off:12 ~len:4 packet ^ Cstruct.to_string ~off:4 ~len:2 packet
let place packet = word packet 4 land 63

let ipv4 host frame =
  let packet = Cstruct.shift frame ethernet in
  let size = Cstruct.length packet in
  let header = if size >= 20 then (byte packet 0 land 15) * 4 else 0 in
  let total = if size >= 20 then word packet 2 else 0 in
  if header < 20 || total < header || total > size || byte packet 0 lsr 4 <> 4 || not (Cstruct.equal (Cstruct.sub packet 16 4) host.ip)
  then Lwt.return_unit
  else
    let fragment = word packet 6 in
    let more, first = (fragment land 0x2000 <> 0, fragment land 0x1fff = 0) in
    let content = Cstruct.sub packet header (total - header) in
    let echo change =
      if first then fragmented.(place packet) <- (if more then Some (datagram packet) else None);
      answer host frame (ethernet + total) (fun packet ->
          turn_round packet header;
          change (Cstruct.shift packet header))
    in
    let protocol = byte packet 9 in
    if not first then
      if fragmented.(place packet) = Some (datagram packet) then echo ignore else Lwt.return_unit
    else if protocol = icmp && Cstruct.length content >= 8 && byte content 0 = 8 then
      (* An echo reply (RFC 792): the type goes from 8 to 0, so the checksum grows by as much. *)
      echo (fun content ->
          set_byte content 0 0;
          set_word content 2 (add (word content 2) 0x0800))
    else if protocol = udp && Cstruct.length content >= 8 then
      match word content 2 with
      (* Ports change places, which the checksum does not see. *)
      | 7 -> echo (swap ~length:2 0 2)
      | 9 when Cstruct.to_string (Cstruct.shift content 8) = "stop" ->
          Lwt_condition.signal host.stop ();
          Lwt.return_unit
      | _ -> Lwt.return_unit
    else Lwt.return_unit

let handle host frame =
  if Cstruct.length frame < ethernet then Lwt.return_unit
  else match word frame 12 with kind when kind = arp_type -> arp host frame | kind when kind = ipv4_type -> ipv4 host frame | _ -> Lwt.return_unit

(* {2 The program} *)

let address text =
  match List.map int_of_string_opt (String.split_on_char '.' text) with
  | [ Some a; Some b; Some c; Some d ] when List.for_all (fun n -> n >= 0 && n < 256) [ a; b; c; d ] ->
      Cstruct.of_string (String.init 4 (fun i -> Char.chr (List.nth [ a; b; c; d ] i)))
  | _ -> failwith (text ^ " is no IPv4 address")

let main () =
  let words = List.filter (( <> ) "") (String.split_on_char ' ' (command_line ())) in
  let text = match words with [] -> "10.0.0.2" | text :: _ -> text in
  (match words with [ _; queues ] -> Netif.queues := int_of_string queues | _ -> ());
  Netif.connect "" >>= fun net ->
  let stop = Lwt_condition.create () in
  let stopped = Lwt_condition.wait stop in
  let host = { net; mac = Cstruct.of_string (Net_lib.Macaddr.to_octets (Netif.mac net)); ip = address text; stop } in
  Fmt.pr "echo: %a is %s, MTU %d\n%!" Net_lib.Macaddr.pp (Netif.mac net) text (Netif.mtu net);
  let listening = Netif.listen net ~header_size:ethernet (handle host) in
  let asked = Lifecycle.await_shutdown_request ~can_poweroff:true ~can_reboot:true () >|= fun _ -> () in
  Lwt.pick [ stopped; asked ] >>= fun () ->
  let stats = Netif.get_stats_counters net in
  Netif.disconnect net >>= fun () ->
  listening >|= fun _ -> Fmt.pr "echo: %ld frames came, %ld went\n%!" stats.rx_pkts stats.tx_pkts

let () =
  Reporter.install ();
  Main.run (main ())
