(* SPDX-License-Identifier: ISC *)

open Lwt.Infix
open Net_lib
open Xen_os
open Net_rings

let log = Logs.Src.create "netif" ~doc:"Network interfaces"

module Log = (val Logs.src_log log : Logs.LOG)

type error = [ Mirage_net.Net.error | `Broken of string ]

let pp_error f : error -> unit = function
  | #Mirage_net.Net.error as error -> Mirage_net.Net.pp_error f error
  | `Broken reason -> Fmt.pf f "the interface cannot be used: %s" reason

let header = 14

(* A frame may have a tag (802.1Q) more than the MTU says. *)
let longest mtu = mtu + header + 4

(* The largest packet of IP, with a tag. *)
let longest_packet = 65535 + header + 4

type offload = Net_takes.offload

type t = {
  number : int;
  handle : int;
  mac : Macaddr.t;
  mtu : int;
  mutable link : Xen_frontend.t option;
  mutable queues : Net_channels.t array;  (** none while there is no backend *)
  mutable active : bool;
  mutable stalled : bool;  (** the backend takes nothing: frames are dropped without waiting *)
  mutable complained : bool;  (** it was said that the pages cannot be granted *)
  mutable dropped : int;
  mutable takes : Net_takes.t;  (** of the backend that the rings were offered to *)
  pages : (int * Cstruct.t) option array;  (** the pages to send from that were used, by number, with their addresses *)
  mutable scratch : Cstruct.t;  (** where a packet of several pages is written, while nobody else does that *)
  mutable slab : Cstruct.t;  (** where frames are received into, less what is used *)
  turned : unit Lwt_condition.t;  (** [queues] or [active] has changed *)
  mutable counted : int array;  (** the counters when they were reset *)
}

let memory = ref (960 lsl 10)
let queues = ref 1

let devices : t Xen_frontend.devices = Xen_frontend.devices ()

(* Where packets of up to so many bytes are received into. With the pages and a usual MTU all is less than 1 MiB: src/ffi/net.rs. *)
let slab_size most = max 32768 (2 * most)
let turn t = Lwt_condition.broadcast t.turned ()

(* {2 Connection} *)

let disconnected t =
  let queues = t.queues in
  t.queues <- [||];
  t.takes <- Net_takes.nothing;
  Array.iter Net_channels.close queues;
  turn t

(* A backend that broke the protocol gets a new connection. Until then the interface is as good as unplugged. *)
let broke t code =
  Log.err (fun f -> f "vif %d: the backend broke the protocol: %s" t.number (Xen_frontend.error_text code));
  disconnected t;
  Option.iter Xen_frontend.reset t.link

let notify_tx t queue = if queue < Array.length t.queues then Net_channels.notify t.queues.(queue).tx

(* A bit for each queue. *)
let notify_rx t queues =
  Array.iteri (fun index { Net_channels.rx; _ } -> if queues land (1 lsl index) <> 0 then Net_channels.notify rx) t.queues

let driver t =
  (* All that is read of the backend is read here: from the moment that it is connected on, packets go to it. *)
  let offer (backend : Xen_frontend.backend) =
    disconnected t;
    backend.read "multi-queue-max-queues" >>= fun most ->
    backend.read "feature-split-event-channels" >>= fun split ->
    Net_takes.read backend >>= fun takes ->
    t.takes <- takes;
    let most = match Option.bind most int_of_string_opt with Some most when most >= 0 -> most | _ -> -1 in
    let count = offer t.handle backend.domid most in
    (* It is tried again and again. *)
    if count < 0 && not t.complained then
      Log.err (fun f -> f "vif %d: its pages cannot be granted: %s" t.number (Xen_frontend.error_text count));
    t.complained <- count < 0;
    if count < 0 then Lwt.return_none
    else
      let number name value = (name, string_of_int value) in
      let keys queue =
        let channels = Net_channels.make ~split:(split = Some "1") backend.domid in
        t.queues <- Array.append t.queues [| channels |];
        let ring = reference t.handle queue in
        Net_channels.keys channels ~queues:count ~queue ~tx_ring:(ring false) ~rx_ring:(ring true)
      in
      let all = List.concat (List.init count keys) in
      Lwt.return_some
        ((if count = 1 then all else number "multi-queue-num-queues" count :: all)
        @ [
            number "request-rx-copy" 1;
            number "feature-rx-notify" 1;
            number "feature-sg" 1;
            number "feature-gso-tcpv4" 1;
            number "feature-gso-tcpv6" 1;
            number "feature-ipv6-csum-offload" 1;
          ])
  in
  let connect (_ : Xen_frontend.backend) =
    Array.iter Net_channels.start t.queues;
    t.stalled <- false;
    turn t;
    Lwt.return_true
  in
  {
    Xen_frontend.class_ = "vif";
    publish_with = Device_state.Connected;
    offer;
    connect;
    disconnect = (fun () -> disconnected t);
    is_bound = (fun () -> Array.for_all Net_channels.is_bound t.queues);
    changed = (fun _ -> Lwt.return_unit);
    watched = [];
    passing = Net_channels.passing !queues;
  }

let is_up t = match t.link with Some link -> Xen_frontend.is_connected link && Array.length t.queues > 0 | None -> false

let make number =
  Net_names.mac number >>= fun mac ->
  Xen_frontend.read (Net_names.folder number ^ "mtu") >>= fun mtu ->
  (* What IPv4 asks for at least, and what a packet of 64 KiB has room for. *)
  let sane mtu = mtu >= 68 && mtu <= 65535 - header in
  let mtu = match Option.bind mtu int_of_string_opt with Some mtu when sane mtu -> mtu | _ -> 1500 in
  match mac with
  | None -> Lwt.fail_with (Printf.sprintf "Netif.connect: interface %d has no MAC address in xenstore" number)
  | Some mac ->
      let own = Xen_frontend.check "Netif.connect" (take !memory !queues) in
      let t =
        {
          number;
          handle = own;
          mac;
          mtu;
          link = None;
          queues = [||];
          active = true;
          stalled = false;
          complained = false;
          dropped = 0;
          takes = Net_takes.nothing;
          pages = Array.make 256 None;
          scratch = Cstruct.empty;
          slab = Cstruct.empty;
          turned = Lwt_condition.create ();
          counted = Array.init 7 (statistic own);
        }
      in
      Lwt.catch
        (fun () ->
          Xen_frontend.supply devices own (references !memory);
          Xen_frontend.connect (driver t) number >|= fun link ->
          t.link <- Some link;
          turn t;
          t)
        (fun error ->
          ignore (give own : int);
          Lwt.fail error)

let connect id = Net_names.find id >>= fun number -> Xen_frontend.once devices number make

(* Gives the backend a last chance to take what was sent. *)
let rec drain t tries =
  if tries > 0 && is_up t && in_flight t.handle > 0 then Time.sleep_ns 1_000_000L >>= fun () -> drain t (tries - 1) else Lwt.return_unit

let disconnect t =
  if not t.active then Lwt.return_unit
  else (
    t.active <- false;
    turn t;
    Xen_frontend.finally devices t.number @@ fun () ->
    drain t 200 >>= fun () ->
    (match t.link with Some link -> Xen_frontend.disconnect link | None -> Lwt.return_unit) >|= fun () ->
    disconnected t;
    if give t.handle <> 1 then Log.err (fun f -> f "vif %d: the backend still uses its memory, which is lost until it does not" t.number))

(* {2 Sending} *)

let patience = 100_000_000L
(* The last event of each queue that was seen. *)
let no_events () = Array.make 4 Activations.program_start

(* Waits for an event of any queue, on its channel for that direction. *)
let wait_for_event t channel events =
  let after index queue = Activations.after (channel queue) events.(index) >|= fun event -> events.(index) <- event in
  let turned = Lwt_condition.wait t.turned in
  match t.queues with
  | [| queue |] -> Lwt.pick [ after 0 queue; turned ]
  | queues -> Lwt.pick (turned :: List.mapi after (Array.to_list queues))

(* Has [try_] try to send a packet of [size] bytes, until there is room: to the backend that is there then, which may be another one by that
   time. The pages are those of all queues: any of them may give some back. *)
let with_room t size leaves try_ =
  let try_ () = if not (is_up t) then None else if Net_takes.packet t.takes size leaves then try_ () else Some (Error `Unimplemented) in
  let drop () =
    t.dropped <- t.dropped + 1;
    Lwt.return_ok ()
  in
  let rec wait events =
    if not (is_up t) then drop ()
    else
      match ask_room t.handle with
      | code when code < 0 ->
          broke t code;
          drop ()
      | 1 -> again events
      | _ -> wait_for_event t (fun queue -> queue.Net_channels.tx) events >>= fun () -> again events
  and again events = match try_ () with Some result -> Lwt.return result | None -> wait events in
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
        (* What the program raises while there is room already ends the sleep, too. *)
        Lwt.pick [ Lwt.apply wait (no_events ()); slept ]

let page t number address =
  match t.pages.(number) with
  (* Pages are numbered anew where a backend has kept some of them. *)
  | Some (known, page) when known = address -> page
  | _ ->
      let page = Cstruct.of_bigarray (page_at address) in
      t.pages.(number) <- Some (address, page);
      page

let finished t code =
  if code > 0 then notify_tx t (code - 1) else if code < 0 then broke t code;
  Ok ()

(* Written where it is sent from. *)
let write_page t size fill leaves () =
  match take_page t.handle size with
  | 0 -> None
  | code when code < 0 ->
      broke t code;
      Some (Ok ())
  | code -> (
      let number = code land 0xffff in
      let buffer = Cstruct.sub (page t number (code lsr 16)) 0 size in
      match fill buffer with
      | length when length > 0 && length <= size -> Some (finished t (send_page t.handle number length leaves))
      | length ->
          ignore (send_page t.handle number 0 0 : int);
          Some (if length = 0 then Ok () else Error `Invalid_length)
      | exception error ->
          ignore (send_page t.handle number 0 0 : int);
          raise error)

(* A new buffer each time would have the collector run for what is never kept. *)
let write_copy t size fill leaves =
  let whole = if Cstruct.length t.scratch >= size then t.scratch else Cstruct.create_unsafe (max size (t.mtu + header)) in
  t.scratch <- Cstruct.empty;
  let give_back () = t.scratch <- whole in
  let buffer = Cstruct.sub whole 0 size in
  Cstruct.memset buffer 0;
  match fill buffer with
  | exception error ->
      give_back ();
      raise error
  | length when length < 0 || length > size ->
      give_back ();
      Lwt.return_error `Invalid_length
  | 0 ->
      give_back ();
      Lwt.return_ok ()
  | length ->
      let send () = match send t.handle buffer.buffer buffer.off length leaves with 256 -> None | code -> Some (finished t code) in
      let sent = with_room t length leaves send in
      (* Where that waits for room, the next packet is written elsewhere. *)
      Lwt.on_termination sent give_back;
      sent

let write_any t ~most ~size fill leaves =
  if size < 0 || size > most then Lwt.return_error `Invalid_length
  else if size <= Net_takes.page_size && Net_takes.segment leaves = 0 then with_room t size leaves (write_page t size fill leaves)
  else if is_up t && not (Net_takes.packet t.takes 0 leaves) then Lwt.return_error `Unimplemented
  else write_copy t size fill leaves

let write t ~size fill = write_any t ~most:(t.mtu + header) ~size fill 0

(* netif.h: the size of a request is a 16-bit number. *)
let longest_segment = 65535

let write_partial t ?(v6 = false) ?(segment = 0) ~size fill =
  if segment < 0 || segment > 0xffff then Lwt.return_error `Invalid_length
  else
    let most = if segment = 0 then t.mtu + header else longest_segment in
    write_any t ~most ~size fill (Net_takes.leaves ~v6 ~segment)

(* {2 Receiving} *)

(* So many frames at once, before others have their turn. *)
let batch = 64

(* Whether [f] is done with it. *)
let handle_frame f frame =
  let failed error = Log.err (fun log -> log "listen: %s" (Printexc.to_string error)) in
  match f frame with
  | promise -> (
      match Lwt.state promise with
      | Lwt.Return () -> true
      | _ ->
          Lwt.on_failure promise failed;
          false)
  | exception ((Out_of_memory | Stack_overflow) as error) -> raise error
  | exception error ->
      failed error;
      true

(* Receives up to [count] frames, or packets as they came; false when there was no more. [f] is given what [receive] said, too. *)
let rec receive_some t ~whole f count =
  if count = 0 || not t.active then true
  else (
    let most = if whole then longest_packet else longest t.mtu in
    if Cstruct.length t.slab < most then t.slab <- Cstruct.create_unsafe (slab_size most);
    let { Cstruct.buffer; off; len } = t.slab in
    (* The memory may be that of large packets, from before; what is a frame does not depend on that. *)
    let code = if whole then receive_whole t.handle buffer off most else receive t.handle buffer off (min len (slab_size most)) most in
    if code < 0 then (
      broke t code;
      false)
    else (
      if code lsr 32 land 0xff <> 0 then notify_rx t (code lsr 32 land 0xff);
      match code land 0xffffffff with
      | 0 -> false
      | length ->
          let frame = Cstruct.sub t.slab 0 length in
          let before = t.slab in
          let after = Cstruct.shift before (min (Cstruct.length before) ((length + 15) land lnot 15)) in
          t.slab <- after;
          let finished = handle_frame (f code) frame in
          (* New memory for each large packet would have the collector run all the time. *)
          if whole && finished && t.slab == after then t.slab <- before;
          receive_some t ~whole f (count - 1)))

let listen_any t ~whole f =
  let events = no_events () in
  let rec loop () =
    if not t.active then Lwt.return_ok ()
    else if not (is_up t) then Lwt_condition.wait t.turned >>= loop
    else if receive_some t ~whole f batch then Lwt.pause () >>= loop
    else if not (is_up t) then loop ()
    else
      match ask_packet t.handle with
      | code when code < 0 ->
          broke t code;
          loop ()
      | 1 -> loop ()
      | _ -> wait_for_event t (fun queue -> queue.Net_channels.rx) events >>= loop
  in
  loop ()

let listen t ~header_size:_ f = listen_any t ~whole:false (fun _ -> f)

type checksum = [ `Good | `Partial | `Unchecked ]

let listen_partial t f =
  let deliver code =
    let checksum = if code land (1 lsl 40) <> 0 then `Partial else if code land (1 lsl 41) <> 0 then `Good else `Unchecked in
    f ~checksum ~segment:(code lsr 42)
  in
  listen_any t ~whole:true deliver

(* {2 What there is to know} *)

let mac t = t.mac
let mtu t = t.mtu

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
let offloads t = if is_up t then t.takes.offloads else []
let is_connected = is_up
let connected_queues t = if is_up t then Array.length t.queues else 0
