(* SPDX-License-Identifier: ISC *)
(* A stream of bytes each way between two domains: pages that the one shares and the other maps, and an event channel.
   How the two find each other is in xenstore; a domain writes to its own nodes, which it lets the other read:

     client   data/stream/client-SERVER/{ring-ref,event-channel,state}
     server   data/stream/server-CLIENT/state *)

open Lwt.Infix
open Xen_os

exception Closed

(* One page for the counters, each on a cache line of its own, then a buffer each way. *)
let buffer_pages = 64
let page = Pages.page_size
let buffer = buffer_pages * page
let pages = 1 + (2 * buffer_pages)

let rings memory =
  let memory = Pages.to_cstruct memory in
  ( Byte_ring.v memory ~data:page ~size:buffer ~cons:0 ~prod:64,
    Byte_ring.v memory ~data:(page + buffer) ~size:buffer ~cons:128 ~prod:192 )

type t = {
  input : Byte_ring.t;
  output : Byte_ring.t;
  port : Eventchn.t;
  gone : unit Lwt.t;  (** the other side is not there any more *)
  closed : Activations.event Lwt.t;  (** fails then *)
  release : unit -> unit Lwt.t;
}

let events = Eventchn.init ()
let notify t = Eventchn.notify events t.port

(* {2 Reading and writing} *)

let event t last = Lwt.choose [ Activations.after t.port last; t.closed ]

let make input output port gone release =
  let gone = Lwt.catch (fun () -> gone) (fun _ -> Lwt.return_unit) in
  { input; output; port; gone; closed = (gone >>= fun () -> Lwt.fail Closed); release }

(* Up to so many bytes, at least one. *)
let read t bytes offset length =
  let rec attempt last =
    match Byte_ring.read t.input bytes offset length with
    | 0 when length > 0 -> if Lwt.is_sleeping t.gone then event t last >>= attempt else Lwt.fail Closed
    | count ->
        if Byte_ring.was_full t.input count then notify t;
        Lwt.return count
    | exception Byte_ring.Corrupt -> Lwt.fail Closed
  in
  attempt Activations.program_start

let write t bytes offset length =
  let rec attempt last offset length =
    if length = 0 then Lwt.return_unit
    else
      match Byte_ring.write t.output bytes offset length with
      | 0 -> if Lwt.is_sleeping t.gone then event t last >>= fun last -> attempt last offset length else Lwt.fail Closed
      | count ->
          if Byte_ring.was_empty t.output count then notify t;
          attempt last (offset + count) (length - count)
      | exception Byte_ring.Corrupt -> Lwt.fail Closed
  in
  attempt Activations.program_start offset length

let close t = t.release ()

(* {2 Connecting} *)

let own_domid xs = Xs.immediate xs (fun h -> Xs.read h "domid") >|= int_of_string
let connected = Device_state.(to_string Connected)
let client_node ~server = Printf.sprintf "data/stream/client-%d" server
let server_node ~client = Printf.sprintf "data/stream/server-%d" client
let of_domain domid node = Printf.sprintf "/local/domain/%d/%s" domid node

(* Nodes that the peer may read: those below the first inherit that from it. *)
let publish xs ~me ~peer node values =
  Xs.transaction xs (fun h ->
      Xs.mkdir h node >>= fun () ->
      Xs.setperms h node Xs_protocol.ACL.{ owner = me; other = NONE; acl = [ (peer, READ) ] } >>= fun () ->
      Lwt_list.iter_s (fun (name, value) -> Xs.write h (node ^ "/" ^ name) value) values)

let withdraw xs node =
  Lwt.catch (fun () -> Xs.immediate xs (fun h -> Xs.rm h node)) (fun _ -> Lwt.return_unit)

(* A node of the peer's, [None] when it is not there (yet), or not for us to read (yet). *)
let peek h path =
  Lwt.catch
    (fun () -> Xs.read h path >|= Option.some)
    (function Xs_protocol.Enoent _ | Xs_protocol.Error "EACCES" -> Lwt.return_none | error -> Lwt.fail error)

let await xs path condition =
  Xs.wait xs (fun h ->
      peek h path >>= fun value -> if condition value then Lwt.return_unit else Lwt.fail Xs_protocol.Eagain)

let disappears xs path = await xs path (fun state -> state <> Some connected)

(* [abandoned] ends the attempt: whoever is being waited for is not going to come. *)
let connect ?(abandoned = fst (Lwt.wait ())) ~server () =
  Xs.make () >>= fun xs ->
  own_domid xs >>= fun me ->
  let node = client_node ~server and peer_state = of_domain server (server_node ~client:me ^ "/state") in
  let share = Xen.Export.share_pages_exn ~domid:server ~count:pages ~writable:true in
  let output, input = rings (Xen.Export.mapping share) in
  let port = Eventchn.bind_unbound_port events server in
  Eventchn.unmask events port;
  let release_own () =
    withdraw xs node >>= fun () ->
    Eventchn.unbind events port;
    Xen.Export.unshare ~release_refs:true share
  in
  Lwt.catch
    (fun () ->
      withdraw xs node >>= fun () ->
      publish xs ~me ~peer:server node
        [
          ("ring-ref", String.concat "," (List.map Xen.Gntref.to_string (Xen.Export.refs share)));
          ("event-channel", string_of_int (Eventchn.to_int port));
          ("state", connected);
        ]
      >>= fun () -> Lwt.pick [ await xs peer_state (( = ) (Some connected)); (Lwt.protected abandoned >>= fun () -> Lwt.fail Closed) ])
    (fun error -> release_own () >>= fun () -> Lwt.fail error)
  >|= fun () ->
  let gone = disappears xs peer_state in
  let release () =
    Lwt.cancel gone;
    release_own ()
  in
  make input output port gone release

let accept ?(abandoned = fst (Lwt.wait ())) ~client () =
  Xs.make () >>= fun xs ->
  own_domid xs >>= fun me ->
  let node = server_node ~client and theirs = of_domain client (client_node ~server:me) in
  let abandon () = Lwt.protected abandoned >>= fun () -> Lwt.fail Closed in
  Lwt.pick [ await xs (theirs ^ "/state") (( = ) (Some connected)); abandon () ] >>= fun () ->
  Xs.immediate xs (fun h ->
      Xs.read h (theirs ^ "/ring-ref") >>= fun refs ->
      Xs.read h (theirs ^ "/event-channel") >|= fun port -> (refs, int_of_string port))
  >>= fun (refs, remote) ->
  let grant text =
    match Xen.Gntref.of_string text with
    | Ok ref -> { Xen.Import.domid = client; ref }
    | Error (`Msg message) -> failwith message
  in
  let mapping = Xen.Import.mapv_exn (List.map grant (String.split_on_char ',' refs)) ~writable:true in
  let input, output = rings (Xen.Import.Local_mapping.to_buf mapping) in
  match Eventchn.bind_interdomain events client remote with
  | exception error ->
      Xen.Import.Local_mapping.unmap_exn mapping;
      Lwt.fail error
  | port ->
      Eventchn.unmask events port;
      publish xs ~me ~peer:client node [ ("state", connected) ] >|= fun () ->
      let gone = disappears xs (theirs ^ "/state") in
      let release () =
        Lwt.cancel gone;
        Eventchn.unbind events port;
        Xen.Import.Local_mapping.unmap_exn mapping;
        withdraw xs node
      in
      make input output port gone release
