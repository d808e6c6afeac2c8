(* SPDX-License-Identifier: ISC *)

(* A ring through a sentinel, which is the one node without a value. A node that is out of its list points to itself. *)
type 'a node = { value : 'a option; mutable previous : 'a node; mutable next : 'a node }
type 'a t = 'a node

let create () =
  let rec sentinel = { value = None; previous = sentinel; next = sentinel } in
  sentinel

let is_empty list = list.next == list

let add list value =
  let node = { value = Some value; previous = list.previous; next = list } in
  list.previous.next <- node;
  list.previous <- node;
  node

let remove node =
  node.previous.next <- node.next;
  node.next.previous <- node.previous;
  node.previous <- node;
  node.next <- node

let first list = list.next.value

let take list =
  let node = list.next in
  if node != list then remove node;
  node.value

let length list =
  let rec count n node = if node == list then n else count (n + 1) node.next in
  count 0 list.next
