(* SPDX-License-Identifier: ISC *)

type 'a entry = {
  deadline : int;
  number : int;  (** in order of arrival *)
  mutable place : int;  (** in the array; -1 when it is out *)
  mutable value : 'a option;
}

type 'a t = { mutable heap : 'a entry array; mutable length : int; mutable arrivals : int; vacant : 'a entry }

let smallest = 16

let create () =
  let vacant = { deadline = max_int; number = max_int; place = -1; value = None } in
  { heap = Array.make smallest vacant; length = 0; arrivals = 0; vacant }

let length t = t.length
let capacity t = Array.length t.heap
let next t = if t.length = 0 then max_int else t.heap.(0).deadline
let before a b = a.deadline < b.deadline || (a.deadline = b.deadline && a.number < b.number)

let put t entry place =
  t.heap.(place) <- entry;
  entry.place <- place

let rec up t entry place =
  let parent = (place - 1) / 2 in
  if place > 0 && before entry t.heap.(parent) then (
    put t t.heap.(parent) place;
    up t entry parent)
  else put t entry place

let rec down t entry place =
  let left = (2 * place) + 1 in
  if left >= t.length then put t entry place
  else
    let right = left + 1 in
    let child = if right < t.length && before t.heap.(right) t.heap.(left) then right else left in
    if before t.heap.(child) entry then (
      put t t.heap.(child) place;
      down t entry child)
    else put t entry place

let resize t slots =
  let heap = Array.make slots t.vacant in
  Array.blit t.heap 0 heap 0 t.length;
  t.heap <- heap

let add t ~deadline value =
  if t.length = Array.length t.heap then resize t (2 * t.length);
  let entry = { deadline; number = t.arrivals; place = t.length; value = Some value } in
  t.arrivals <- t.arrivals + 1;
  t.length <- t.length + 1;
  up t entry entry.place;
  entry

let remove t entry =
  let place = entry.place in
  if place >= 0 then (
    entry.place <- -1;
    entry.value <- None;
    t.length <- t.length - 1;
    let last = t.heap.(t.length) in
    t.heap.(t.length) <- t.vacant;
    (* The last entry fills the hole; it may belong above it or below. *)
    if last != entry then
      if place > 0 && before last t.heap.((place - 1) / 2) then up t last place else down t last place;
    if t.length * 4 <= Array.length t.heap && Array.length t.heap > smallest then resize t (Array.length t.heap / 2))

let take_due t ~now =
  if t.length = 0 || t.heap.(0).deadline > now then None
  else
    let entry = t.heap.(0) in
    let value = entry.value in
    remove t entry;
    value
