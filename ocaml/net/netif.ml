(* SPDX-License-Identifier: ISC *)

open Lwt.Infix
open Net_lib
open Xen_os

let log = Logs.Src.create "netif" ~doc:"Network interfaces"

module Log = (val Logs.src_log log : Logs.LOG)

type buffer = (char, Bigarray.int8_unsigned_elt, Bigarray.c_layout) Bigarray.Array1.t

external take : int -> int = "mirage_xen_net_take" [@@noalloc]
external references : int -> int = "mirage_xen_net_references" [@@noalloc]
external give : int -> int = "mirage_xen_net_give" [@@noalloc]
external offer : int -> int -> int = "mirage_xen_net_offer" [@@noalloc]
external take_page : int -> int -> int = "mirage_xen_net_take_page" [@@noalloc]
external page_at : int -> buffer = "mirage_xen_device_page"
external send_page : int -> int -> int -> int -> int = "mirage_xen_net_send_page" [@@noalloc]
external send : int -> buffer -> int -> int -> int -> int = "mirage_xen_net_send" [@@noalloc]
external receive : int -> buffer -> int -> int -> int -> int = "mirage_xen_net_receive" [@@noalloc]
external ask_packet : int -> int = "mirage_xen_net_ask_packet" [@@noalloc]
external ask_room : int -> int = "mirage_xen_net_ask_room" [@@noalloc]
external in_flight : int -> int = "mirage_xen_net_in_flight" [@@noalloc]
external statistic : int -> int -> int = "mirage_xen_net_statistic" [@@noalloc]

type error = [ Mirage_net.Net.error | `Broken of string ]

let pp_error f : error -> unit = function
  | #Mirage_net.Net.error as error -> Mirage_net.Net.pp_error f error
  | `Broken reason -> Fmt.pf f "the interface cannot be used: %s" reason

let header = 14

(* A frame may have a tag (802.1Q) more than the MTU says. *)
let longest mtu = mtu + header + 4
let page_size = 4096

type offload = [ `Checksum_v4 | `Checksum_v6 | `Segments_v4 | `Segments_v6 ]

type t = {
  number : int;
  handle : int;
  mac : Macaddr.t;
  mtu : int;
  mutable link : Xen_frontend.t option;
  mutable channel : Eventchn.t option;  (** while the backend is connected *)
  mutable active : bool;
  mutable stalled : bool;  (** the backend takes nothing: frames are dropped without waiting *)
  mutable dropped : int;
  mutable takes : offload list;  (** what the backend takes *)
  pages : Cstruct.t option array;  (** the pages to send from that were used, by number *)
  mutable slab : Cstruct.t;  (** where frames are received into, less what is used *)
  turned : unit Lwt_condition.t;  (** [channel] or [active] has changed *)
  mutable counted : int array;  (** the counters when they were reset *)
}

let memory = ref (1 lsl 20)

let devices : t Xen_frontend.devices = Xen_frontend.devices ()
let supply handle = Xen_frontend.supply devices handle (references !memory)

let slab_size mtu = if longest mtu <= page_size then 32768 else 8 * longest mtu
let handle = Eventchn.init ()
let turn t = Lwt_condition.broadcast t.turned ()

(* {2 Connection} *)

let disconnected t =
  (match t.channel with
  | Some channel -> ( t.channel <- None; try Eventchn.unbind handle channel with Failure _ -> ())
  | None -> ());
  turn t

(* A backend that broke the protocol gets a new connection. Until then the interface is as good as unplugged. *)
let broke t code =
  Log.err (fun f -> f "vif %d: the backend broke the protocol: %s" t.number (Xen_frontend.error_text code));
  disconnected t;
  Option.iter Xen_frontend.reset t.link

let notify t = match t.channel with Some channel -> Eventchn.notify handle channel | None -> ()

let driver t =
  let offer (backend : Xen_frontend.backend) =
    disconnected t;
    let rings = offer t.handle backend.domid in
    if rings < 0 then (
      Log.err (fun f -> f "vif %d: its pages cannot be granted: %s" t.number (Xen_frontend.error_text rings));
      Lwt.return_none)
    else
      let channel = Eventchn.bind_unbound_port handle backend.domid in
      t.channel <- Some channel;
      let number name value = (name, string_of_int value) in
      Lwt.return_some
        [
          number "tx-ring-ref" (rings land 0xffffffff);
          number "rx-ring-ref" (rings lsr 32);
          number "event-channel" (Eventchn.to_int channel);
          number "request-rx-copy" 1;
          number "feature-rx-notify" 1;
          number "feature-sg" 1;
          number "feature-gso-tcpv4" 1;
          number "feature-gso-tcpv6" 1;
          number "feature-ipv6-csum-offload" 1;
        ]
  in
  let connect (backend : Xen_frontend.backend) =
    let says name = backend.read name >|= ( = ) (Some "1") in
    let when_ yes offload = if yes then [ offload ] else [] in
    says "feature-no-csum-offload" >>= fun no_v4 ->
    says "feature-ipv6-csum-offload" >>= fun v6 ->
    says "feature-gso-tcpv4" >>= fun gso_v4 ->
    says "feature-gso-tcpv6" >|= fun gso_v6 ->
    t.takes <- when_ (not no_v4) `Checksum_v4 @ when_ v6 `Checksum_v6 @ when_ gso_v4 `Segments_v4 @ when_ gso_v6 `Segments_v6;
    Option.iter (Eventchn.unmask handle) t.channel;
    (* The backend may have looked at the ring before it could be notified. *)
    notify t;
    t.stalled <- false;
    turn t;
    true
  in
  {
    Xen_frontend.class_ = "vif";
    publish_with = Device_state.Connected;
    offer;
    connect;
    disconnect = (fun () -> disconnected t);
    changed = (fun _ -> Lwt.return_unit);
    watched = [];
  }

let is_up t = match t.link with Some link -> Xen_frontend.is_connected link && t.channel <> None | None -> false

let folder number = Printf.sprintf "device/vif/%d/" number
let mac_of number = Xen_frontend.read (folder number ^ "mac") >|= fun text -> Option.bind text (fun text -> Result.to_option (Macaddr.of_string text))

let find id =
  Xen_frontend.numbers "vif" >>= fun numbers ->
  let digits = if String.length id > 3 && String.sub id 0 3 = "vif" then String.sub id 3 (String.length id - 3) else id in
  let wanted =
    match (int_of_string_opt digits, Macaddr.of_string id) with
    | Some number, _ -> Lwt.return (List.find_opt (( = ) number) numbers)
    | None, Ok mac ->
        Lwt_list.filter_s (fun number -> mac_of number >|= function Some own -> Macaddr.compare own mac = 0 | None -> false) numbers
        >|= fun found -> List.nth_opt found 0
    | None, Error _ -> Lwt.return (if id = "" then List.nth_opt numbers 0 else None)
  in
  wanted >>= function
  | Some number -> Lwt.return number
  | None ->
      let show number = mac_of number >|= fun mac -> Fmt.str "%d%a" number Fmt.(option (any " (" ++ Macaddr.pp ++ any ")")) mac in
      Lwt_list.map_s show numbers >>= fun names ->
      Lwt.fail_with
        (Printf.sprintf "Netif.connect: the domain has no network interface %S; it has: %s" id
           (if names = [] then "none" else String.concat ", " names))

let make number =
  mac_of number >>= fun mac ->
  Xen_frontend.read (folder number ^ "mtu") >>= fun mtu ->
  (* What IPv4 asks for at least, and what a packet of 64 KiB has room for. *)
  let sane mtu = mtu >= 68 && mtu <= 65535 - header in
  let mtu = match Option.bind mtu int_of_string_opt with Some mtu when sane mtu -> mtu | _ -> 1500 in
  match mac with
  | None -> Lwt.fail_with (Printf.sprintf "Netif.connect: interface %d has no MAC address in xenstore" number)
  | Some mac ->
      let own = Xen_frontend.check "Netif.connect" (take !memory) in
      let t =
        {
          number;
          handle = own;
          mac;
          mtu;
          link = None;
          channel = None;
          active = true;
          stalled = false;
          dropped = 0;
          takes = [];
          pages = Array.make 256 None;
          slab = Cstruct.empty;
          turned = Lwt_condition.create ();
          counted = Array.init 7 (statistic own);
        }
      in
      Lwt.catch
        (fun () ->
          supply own;
          Xen_frontend.connect (driver t) number >|= fun link ->
          t.link <- Some link;
          turn t;
          t)
        (fun error ->
          ignore (give own : int);
          Lwt.fail error)

let connect id = find id >>= fun number -> Xen_frontend.once devices number make

(* Gives the backend a last chance to take what was sent. *)
let rec drain t tries =
  if tries > 0 && is_up t && in_flight t.handle > 0 then Time.sleep_ns 1_000_000L >>= fun () -> drain t (tries - 1) else Lwt.return_unit

let disconnect t =
  if not t.active then Lwt.return_unit
  else (
    t.active <- false;
    turn t;
    drain t 200 >>= fun () ->
    (match t.link with Some link -> Xen_frontend.disconnect link | None -> Lwt.return_unit) >|= fun () ->
    disconnected t;
    Xen_frontend.forget devices t.number;
    if give t.handle <> 1 then Log.err (fun f -> f "vif %d: the backend still uses pages, which are lost" t.number))

(* {2 Sending} *)

let patience = 100_000_000L

let wait_for_event t channel event =
  Lwt.pick [ Activations.after channel event; (Lwt_condition.wait t.turned >|= fun () -> event) ]

(* Whether there is room for a frame of [size] bytes, which [try_] tries to use. *)
let with_room t try_ =
  let drop () =
    t.dropped <- t.dropped + 1;
    Lwt.return_ok ()
  in
  let rec wait event =
    match t.channel with
    | Some channel when is_up t -> (
        match ask_room t.handle with
        | code when code < 0 ->
            broke t code;
            drop ()
        | 1 -> again event
        | _ -> wait_for_event t channel event >>= again)
    | _ -> drop ()
  and again event = match try_ () with Some result -> Lwt.return result | None -> wait event in
  if not t.active then Lwt.return_error `Disconnected
  else if not (is_up t) then drop ()
  else
    match try_ () with
    | Some result ->
        t.stalled <- false;
        Lwt.return result
    | None when t.stalled -> drop ()
    | None ->
        let slept = Time.sleep_ns patience >>= fun () -> t.stalled <- true; drop () in
        Lwt.pick [ wait Activations.program_start; slept ]

let page t number address =
  match t.pages.(number) with
  | Some page -> page
  | None ->
      let page = Cstruct.of_bigarray (page_at address) in
      t.pages.(number) <- Some page;
      page

let finished t code =
  if code = 1 then notify t else if code < 0 then broke t code;
  Ok ()

(* Written where it is sent from. *)
let write_page t size fill offload () =
  match take_page t.handle size with
  | 0 -> None
  | code when code < 0 ->
      broke t code;
      Some (Ok ())
  | code -> (
      let number = code land 0xffff in
      let buffer = Cstruct.sub (page t number (code lsr 16)) 0 size in
      match fill buffer with
      | length when length > 0 && length <= size -> Some (finished t (send_page t.handle number length offload))
      | length ->
          ignore (send_page t.handle number 0 0 : int);
          Some (if length = 0 then Ok () else Error `Invalid_length)
      | exception error ->
          ignore (send_page t.handle number 0 0 : int);
          raise error)

let write_copy t size fill offload =
  let buffer = Cstruct.create size in
  let length = fill buffer in
  if length < 0 || length > size then Lwt.return_error `Invalid_length
  else if length = 0 then Lwt.return_ok ()
  else
    with_room t (fun () ->
        match send t.handle buffer.buffer buffer.off length offload with 2 -> None | code -> Some (finished t code))

let write_any t ~most ~size fill offload =
  if size < 0 || size > most then Lwt.return_error `Invalid_length
  else if size <= page_size && offload lsr 16 = 0 then with_room t (write_page t size fill offload)
  else write_copy t size fill offload

let write t ~size fill = write_any t ~most:(t.mtu + header) ~size fill 0

(* netif.h: the size of a request is a 16-bit number. *)
let longest_segment = 65535

let write_partial t ?(v6 = false) ?(segment = 0) ~size fill =
  let takes offload = List.mem offload t.takes in
  let can = takes (if v6 then `Checksum_v6 else `Checksum_v4) && (segment = 0 || takes (if v6 then `Segments_v6 else `Segments_v4)) in
  if segment < 0 || segment > 0xffff then Lwt.return_error `Invalid_length
  else if is_up t && not can then Lwt.return_error `Unimplemented
  else
    let most = if segment = 0 then t.mtu + header else longest_segment in
    write_any t ~most ~size fill (1 lor (if v6 then 2 else 0) lor (segment lsl 16))

(* {2 Receiving} *)

(* So many frames at once, before others have their turn. *)
let batch = 64

let handle_frame f frame =
  let failed error = Log.err (fun log -> log "listen: %s" (Printexc.to_string error)) in
  match f frame with
  | promise -> if Lwt.state promise <> Lwt.Return () then Lwt.on_failure promise failed
  | exception ((Out_of_memory | Stack_overflow) as error) -> raise error
  | exception error -> failed error

(* Receives up to [count] frames; false when there was no more. *)
let rec receive_some t f count =
  if count = 0 || not t.active then true
  else (
    if Cstruct.length t.slab < longest t.mtu then t.slab <- Cstruct.create_unsafe (slab_size t.mtu);
    let code = receive t.handle t.slab.buffer t.slab.off (Cstruct.length t.slab) (longest t.mtu) in
    if code < 0 then (
      broke t code;
      false)
    else (
      if code lsr 32 <> 0 then notify t;
      match code land 0xffffffff with
      | 0 -> false
      | length ->
          let frame = Cstruct.sub t.slab 0 length in
          t.slab <- Cstruct.shift t.slab (min (Cstruct.length t.slab) ((length + 15) land lnot 15));
          handle_frame f frame;
          receive_some t f (count - 1)))

let listen t ~header_size:_ f =
  let rec loop event =
    if not t.active then Lwt.return_ok ()
    else
      match t.channel with
      | Some channel when is_up t ->
          if receive_some t f batch then Lwt.pause () >>= fun () -> loop event
          else if not (is_up t) then loop event
          else (
            match ask_packet t.handle with
            | code when code < 0 ->
                broke t code;
                loop event
            | 1 -> loop event
            | _ -> wait_for_event t channel event >>= loop)
      | _ -> Lwt_condition.wait t.turned >>= fun () -> loop Activations.program_start
  in
  loop Activations.program_start

(* {2 What there is to know} *)

let mac t = t.mac
let mtu t = t.mtu

(* Fields of the bindings' statistics. *)
let received, received_bytes, received_dropped, sent, sent_bytes, sent_dropped = (0, 1, 2, 3, 4, 5)

let get_stats_counters t =
  let count index = statistic t.handle index - t.counted.(index) in
  {
    Mirage_net.rx_bytes = Int64.of_int (count received_bytes);
    rx_pkts = Int32.of_int (count received);
    tx_bytes = Int64.of_int (count sent_bytes);
    tx_pkts = Int32.of_int (count sent);
  }

let reset_stats_counters t = t.counted <- Array.init 7 (statistic t.handle)
let dropped t = (statistic t.handle received_dropped, statistic t.handle sent_dropped + t.dropped)
let offloads t = t.takes
let is_connected = is_up
