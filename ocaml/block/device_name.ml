(* SPDX-License-Identifier: ISC *)

let is_letter c = c >= 'a' && c <= 'z'
let is_digit c = c >= '0' && c <= '9'

(* [a] is 0, [z] 25, [aa] 26. *)
let letters text = String.fold_left (fun number c -> (26 * (number + 1)) + Char.code c - Char.code 'a') (-1) text

let decimal text =
  if text <> "" && String.length text <= 9 && String.for_all is_digit text && (text = "0" || text.[0] <> '0') then
    int_of_string_opt text
  else None

let after prefix text =
  let length = String.length prefix in
  if String.length text >= length && String.sub text 0 length = prefix then
    Some (String.sub text length (String.length text - length))
  else None

(* Letters, then a partition's number or nothing. *)
let disk_and_partition text =
  let rec split at = if at < String.length text && is_letter text.[at] then split (at + 1) else at in
  let at = split 0 in
  let rest = String.sub text at (String.length text - at) in
  match if rest = "" then Some 0 else decimal rest with
  | Some partition when at > 0 && at <= 4 && (rest = "" || partition > 0) -> Some (letters (String.sub text 0 at), partition)
  | _ -> None

(* xen-vbd-interface(7): 202 << 8 | disk << 4 | partition where that fits, else 1 << 28 | disk << 8 | partition. *)
let xvd (disk, partition) =
  if disk < 16 && partition < 16 then Some ((202 lsl 8) lor (disk lsl 4) lor partition)
  else if disk < 1 lsl 20 && partition < 256 then Some ((1 lsl 28) lor (disk lsl 8) lor partition)
  else None

let hd (disk, partition) =
  if disk < 4 && partition < 64 then
    Some (((if disk < 2 then 3 else 22) lsl 8) lor ((disk land 1) lsl 6) lor partition)
  else None

let sd (disk, partition) = if disk < 16 && partition < 16 then Some ((8 lsl 8) lor (disk lsl 4) lor partition) else None

let plain text =
  match String.index_opt text 'p' with
  | None -> Option.map (fun disk -> (disk, 0)) (decimal text)
  | Some at -> (
      match (decimal (String.sub text 0 at), decimal (String.sub text (at + 1) (String.length text - at - 1))) with
      | Some disk, Some partition -> Some (disk, partition)
      | _ -> None)

let number name =
  let name = Option.value (after "/dev/" name) ~default:name in
  let try_ prefix parse encode = Option.bind (Option.bind (after prefix name) parse) encode in
  let rec first = function
    | [] -> None
    | f :: rest -> ( match f () with Some number -> Some number | None -> first rest)
  in
  first
    [
      (fun () -> decimal name);
      (fun () -> try_ "xvd" disk_and_partition xvd);
      (fun () -> try_ "hd" disk_and_partition hd);
      (fun () -> try_ "sd" disk_and_partition sd);
      (fun () -> try_ "d" plain xvd);
    ]
