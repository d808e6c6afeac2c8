(* SPDX-License-Identifier: ISC *)

external next_pending : int -> int = "mirage_xen_evtchn_next_pending" [@@noalloc]
external test_and_clear : int -> bool = "mirage_xen_evtchn_test_and_clear" [@@noalloc]

type event = int

let program_start = Port.no_event

(* Events are numbered over all ports, so that one remembered from a port's earlier binding is older than any of a later. *)
let newest = ref program_start

let wait (channel : Eventchn.t) =
  if channel.generation <> !Generation.generation then Lwt.fail Generation.Invalid
  else
    let promise, resolver = Lwt.task () in
    (match Port.state channel with
    | state ->
        let node = Dll.add state.waiters resolver in
        Lwt.on_cancel promise (fun () -> Dll.remove node)
    | exception Not_found -> ());
    promise

let after (channel : Eventchn.t) event =
  match Port.state channel with
  | state when state.last > event -> Lwt.return state.last
  | state -> Lwt.map (fun () -> state.last) (wait channel)
  | exception Not_found -> Lwt.map (fun () -> event) (wait channel)

(* Those who wait now, and not those whom they make wait. *)
let wake (state : Port.state) wakeup =
  let rec next count =
    if count > 0 then
      match Dll.take state.waiters with
      | None -> ()
      | Some resolver ->
          wakeup resolver;
          next (count - 1)
  in
  if not (Dll.is_empty state.waiters) then next (Dll.length state.waiters)

let resolve resolver = Lwt.wakeup_later resolver ()
let fail resolver = Lwt.wakeup_later_exn resolver Generation.Invalid

let run _handle =
  let rec from number =
    let number = next_pending number in
    if number >= 0 then (
      if test_and_clear number then (
        incr newest;
        wake (Port.event number !newest) resolve);
      from (number + 1))
  in
  from 0

let resume () =
  Generation.resume ();
  List.iter (fun state -> wake state fail) (Port.clear ())

let dump () =
  Printf.printf "event channels: %d events so far\n" !newest;
  Port.iter (fun state ->
      Printf.printf "port %d: last event %d, %d waiting\n" state.channel.number state.last (Dll.length state.waiters));
  flush stdout
