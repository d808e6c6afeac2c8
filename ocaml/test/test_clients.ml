(* SPDX-License-Identifier: ISC *)
(* Small clients in the style of the libraries that stand on this one, over the fake Xen and its xenstore, in one process:
   - a block device as mirage-block-xen has it: frontend with a shared ring, grants for each request, replies by events;
   - its backend, which maps the ring and the requests' pages;
   - a network backend's copies, as mirage-net-xen has them;
   - the handshake through Device_state of both; boot parameters as mirage-bootvar-xen reads them. *)

open Lwt.Infix
open Xen_os
module Export = Xen.Export
module Import = Xen.Import
module Gntref = Xen.Gntref

let h = Eventchn.init ()
let frontend = "device/vbd/51712"
let backend = "/local/domain/0/backend/vbd/1/51712"
let slots = 8

(* A slot is 16 bytes: the grant reference, the operation or the status, the sector. The ring's head has the counters. *)
let slot ring index = Cstruct.sub ring (64 + (16 * (index mod slots))) 16
let get ring offset = Int32.to_int (Cstruct.LE.get_uint32 ring offset)
let set ring offset value = Cstruct.LE.set_uint32 ring offset (Int32.of_int value)
let requests = 0
let responses = 4

let state xs path wanted =
  Xs.wait xs (fun h ->
      Lwt.catch
        (fun () -> Xs.read h (path ^ "/state"))
        (function Xs_protocol.Enoent _ -> Lwt.fail Xs_protocol.Eagain | error -> Lwt.fail error)
      >>= fun value ->
      if Device_state.of_string value = wanted then Lwt.return_unit else Lwt.fail Xs_protocol.Eagain)

let advance xs path state = Xs.immediate xs (fun h -> Xs.write h (path ^ "/state") (Device_state.to_string state))

(* {2 The backend: sectors of 512 bytes in memory} *)

let disk = Bytes.make (512 * 64) '.'

let serve_one domid ring index =
  let slot = slot ring index in
  let grant = { Import.domid; ref = Gntref.of_int32 (Cstruct.LE.get_uint32 slot 0) } in
  let sector = get slot 8 in
  match get slot 4 with
  | 0 ->
      let copy mapping =
        Cstruct.blit_from_bytes disk (512 * sector) (Pages.to_cstruct (Import.Local_mapping.to_buf mapping)) 0 512;
        Lwt.return_unit
      in
      Import.with_mapping grant ~writable:true copy >|= ( function Ok () -> set slot 4 0 | Error (`Msg _) -> set slot 4 (-1))
  | 1 ->
      (* As a network backend takes a packet. *)
      let page = Pages.get 1 in
      (match Import.copy_from ~domid ~gref:grant.ref ~src_off:0 ~dst:page ~dst_off:0 ~len:512 with
      | Ok () ->
          Cstruct.blit_to_bytes (Pages.to_cstruct page) 0 disk (512 * sector) 512;
          set slot 4 0
      | Error (`Msg _) -> set slot 4 (-1));
      Lwt.return_unit
  | _ ->
      set slot 4 (-2);
      Lwt.return_unit

let rec serve domid ring channel consumed event =
  let rec all index =
    if index = get ring requests then Lwt.return index
    else
      serve_one domid ring index >>= fun () ->
      set ring responses (index + 1);
      Eventchn.notify h channel;
      all (index + 1)
  in
  all consumed >>= fun consumed -> Activations.after channel event >>= serve domid ring channel consumed

let run_backend () =
  Xs.make () >>= fun xs ->
  advance xs backend Device_state.InitWait >>= fun () ->
  state xs frontend Device_state.Initialised >>= fun () ->
  Xs.immediate xs (fun h ->
      Xs.read h (frontend ^ "/ring-ref") >>= fun ring ->
      Xs.read h (frontend ^ "/event-channel") >|= fun port -> (ring, int_of_string port))
  >>= fun (ring, port) ->
  let ref = match Gntref.of_string ring with Ok ref -> ref | Error (`Msg message) -> failwith message in
  match Import.mapv [ { Import.domid = 1; ref } ] ~writable:true with
  | Error (`Msg message) -> Lwt.fail_with message
  | Ok mapping ->
      let channel = Eventchn.bind_interdomain h 1 port in
      Eventchn.unmask h channel;
      advance xs backend Device_state.Connected >>= fun () ->
      let ring = Pages.to_cstruct (Import.Local_mapping.to_buf mapping) in
      let serving = serve 1 ring channel 0 Activations.program_start in
      Lwt.pick [ serving; state xs frontend Device_state.Closing ] >>= fun () ->
      Eventchn.unbind h channel;
      Import.Local_mapping.unmap_exn mapping;
      advance xs backend Device_state.Closed

(* {2 The frontend} *)

type t = {
  ring : Cstruct.t;
  ring_ref : Gntref.t;
  channel : Eventchn.t;
  mutable consumed : int;
  waiting : (int, int Lwt.u) Hashtbl.t;
}

let rec poll t event =
  while t.consumed < get t.ring responses do
    let index = t.consumed in
    t.consumed <- index + 1;
    Lwt.wakeup_later (Hashtbl.find t.waiting index) (get (slot t.ring index) 4);
    Hashtbl.remove t.waiting index
  done;
  Activations.after t.channel event >>= poll t

let connect () =
  Xs.make () >>= fun xs ->
  let page = Pages.get 1 in
  Export.get () >>= fun ring_ref ->
  Export.grant_access ~domid:0 ~writable:true ring_ref page;
  let channel = Eventchn.bind_unbound_port h 0 in
  Xs.transaction xs (fun h ->
      Lwt_list.iter_s
        (fun (name, value) -> Xs.write h (frontend ^ "/" ^ name) value)
        [
          ("ring-ref", Gntref.to_string ring_ref);
          ("event-channel", string_of_int (Eventchn.to_int channel));
          ("protocol", "x86_64-abi");
          ("state", Device_state.(to_string Initialised));
        ])
  >>= fun () ->
  state xs backend Device_state.Connected >>= fun () ->
  Eventchn.unmask h channel;
  advance xs frontend Device_state.Connected >|= fun () ->
  let t = { ring = Pages.to_cstruct page; ring_ref; channel; consumed = 0; waiting = Hashtbl.create 7 } in
  Lwt.async (fun () -> poll t Activations.program_start);
  t

let request t operation sector page =
  Export.with_ref (fun ref ->
      Export.with_grant ~domid:0 ~writable:(operation = 0) ref page (fun () ->
          let index = get t.ring requests in
          let slot = slot t.ring index in
          Cstruct.LE.set_uint32 slot 0 (Gntref.to_int32 ref);
          set slot 4 operation;
          set slot 8 sector;
          let reply, resolver = Lwt.wait () in
          Hashtbl.replace t.waiting index resolver;
          set t.ring requests (index + 1);
          Eventchn.notify h t.channel;
          reply))

let disconnect t =
  Xs.make () >>= fun xs ->
  advance xs frontend Device_state.Closing >>= fun () ->
  state xs backend Device_state.Closed >>= fun () ->
  Export.end_access ~release_ref:true t.ring_ref >|= fun () -> Eventchn.unbind h t.channel

let () =
  Fake_xenstored.start ();
  Fake.test "a block frontend and its backend" @@ fun () ->
  let free = Export.num_free_grants () in
  let whole =
    connect () >>= fun t ->
    let write n =
      let page = Pages.get 1 in
      Cstruct.memset (Pages.to_cstruct page) (65 + n);
      request t 1 n page >|= Fake.int "written" 0
    in
    let read n =
      let page = Pages.get 1 in
      request t 0 n page >|= fun status ->
      Fake.int "read" 0 status;
      Fake.string "sector" (String.make 512 (Char.chr (65 + n))) (Cstruct.to_string (Cstruct.sub (Pages.to_cstruct page) 0 512))
    in
    let each f = Lwt_list.iter_s (fun group -> Lwt.join (List.map f group)) [ [ 0; 1; 2; 3; 4 ]; [ 5; 6; 7; 8; 9 ] ] in
    each write >>= fun () ->
    each read >>= fun () ->
    request t 7 0 (Pages.get 1) >>= fun status ->
    Fake.int "refused" (-2) status;
    disconnect t
  in
  Main.run (Lwt.join [ run_backend (); whole ]);
  Fake.int "no reference is lost" free (Export.num_free_grants ())
