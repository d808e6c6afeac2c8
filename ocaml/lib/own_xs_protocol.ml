(* SPDX-License-Identifier: ISC *)

module ACL = struct
  type perm = NONE | READ | WRITE | RDWR

  let char_of_perm = function NONE -> 'n' | READ -> 'r' | WRITE -> 'w' | RDWR -> 'b'
  let perm_of_char = function 'n' -> Some NONE | 'r' -> Some READ | 'w' -> Some WRITE | 'b' -> Some RDWR | _ -> None

  type domid = int
  type t = { owner : domid; other : perm; acl : (domid * perm) list }

  let to_string t =
    let entry (domid, perm) = Printf.sprintf "%c%d" (char_of_perm perm) domid in
    String.concat "\000" (List.map entry ((t.owner, t.other) :: t.acl))

  let entry text =
    if text = "" then None
    else
      match (perm_of_char text.[0], int_of_string_opt (String.sub text 1 (String.length text - 1))) with
      | Some perm, Some domid when domid >= 0 -> Some (domid, perm)
      | _ -> None

  let of_string text =
    let entries = if text = "" then [] else List.map entry (String.split_on_char '\000' text) in
    if List.mem None entries then None
    else
      match List.filter_map Fun.id entries with
      | [] -> None
      | (owner, other) :: acl -> Some { owner; other; acl }
end

module Token = struct
  type t = string

  let of_string text = text
  let to_string token = token
  let to_user_string token = token
  let to_debug_string token = Printf.sprintf "%S" token
end

exception Enoent of string
exception Eagain
exception Eexist
exception Invalid
exception Error of string
