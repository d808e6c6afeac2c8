(* SPDX-License-Identifier: ISC *)

type t = { number : int; generation : int; binding : int }
type state = { channel : t; mutable last : int; waiters : unit Lwt.u Dll.t }

let no_event = 0

(* The most that the FIFO ABI has (EVTCHN_FIFO_NR_CHANNELS). *)
let limit = 1 lsl 17
let bindings = ref 0
let nothing = { channel = { number = -1; generation = -1; binding = -1 }; last = no_event; waiters = Dll.create () }
let table = ref [||]

let grow number =
  let length = Array.length !table in
  if number >= length then (
    let larger = Array.make (max 16 (max (number + 1) (2 * length))) nothing in
    Array.blit !table 0 larger 0 length;
    table := larger)

let bind_state number =
  if number < 0 || number >= limit then invalid_arg (Printf.sprintf "Eventchn: there is no port %d" number);
  grow number;
  incr bindings;
  let channel = { number; generation = !Generation.generation; binding = !bindings } in
  let state = { channel; last = no_event; waiters = Dll.create () } in
  !table.(number) <- state;
  state

(* [nothing] when the port has none. *)
let find number = if number >= 0 && number < Array.length !table then Array.unsafe_get !table number else nothing

let find_or_bind number =
  let state = find number in
  if state == nothing then bind_state number else state

let bind number = (bind_state number).channel
let of_int number = (find_or_bind number).channel

let state channel =
  let state = find channel.number in
  if state.channel.binding <> channel.binding then raise Not_found;
  state

let is_bound channel = (find channel.number).channel.binding = channel.binding
let unbind channel = if is_bound channel then !table.(channel.number) <- nothing

let event number event =
  let state = find_or_bind number in
  state.last <- event;
  state

let iter f = Array.iter (fun state -> if state != nothing then f state) !table

let clear () =
  let states = List.filter (fun state -> state != nothing) (Array.to_list !table) in
  table := [||];
  states
