(* SPDX-License-Identifier: ISC *)
(* What the standard library has had since 4.14. *)

let show name list = Printf.printf "%s: %s\n" name (String.concat " " (List.map string_of_int list))

let () =
  let a = Dynarray.create () in
  for i = 1 to 1_000 do
    Dynarray.add_last a (i * i)
  done;
  Dynarray.append_seq a (Seq.init 3 (fun i -> -i));
  Printf.printf "Dynarray: %d %d %s\n" (Dynarray.length a) (Dynarray.pop_last a)
    (match Dynarray.find_last a with Some n -> string_of_int n | None -> "none");
  Dynarray.truncate a 5;
  Dynarray.fit_capacity a;
  show "truncated" (Dynarray.to_list a);
  match Dynarray.iter (fun _ -> Dynarray.add_last a 1) a with
  | () -> print_endline "changed while iterated"
  | exception Invalid_argument _ -> print_endline "Invalid_argument"

let () =
  show "In_channel and Out_channel" [ (if Out_channel.is_buffered stdout then 1 else 0) ];
  Printf.printf "Type: %b\n" (match Type.Id.provably_equal (Type.Id.make ()) (Type.Id.make ()) with Some _ -> true | None -> false);
  show "Seq" (List.of_seq (Seq.take 5 (Seq.drop 2 (Seq.map2 ( + ) (Seq.ints 1) (Seq.ints 10)))));
  Printf.printf "Digest: %s\n" (Digest.BLAKE128.to_hex (Digest.BLAKE128.string "abc"));
  Printf.printf "Digest: %s\n" (Digest.BLAKE512.to_hex (Digest.BLAKE512.string ""));
  Printf.printf "String: %s %d\n" (String.fold_left (fun s c -> Printf.sprintf "%c%s" c s) "" "abc") (String.hash "abc");
  Printf.printf "UTF-8: %b %d\n" (String.is_valid_utf_8 "caf\xc3\xa9") (Uchar.utf_decode_length (String.get_utf_8_uchar "\xc3\xa9" 0));
  show "List" (List.find_index (fun n -> n = 3) [ 1; 2; 3 ] |> Option.to_list);
  show "Array" (Array.to_list (fst (Array.map_inplace succ (let a = [| 1; 2 |] in a); (Array.split [| (1, 2); (3, 4) |]))));
  Random.init 42;
  show "Random" (List.init 5 (fun _ -> Random.full_int 1_000_000_000));
  Printf.printf "Float: %h %b\n" (Float.log2 10.) (Float.is_integer 3.);
  Printf.printf "Format: %s\n" (Format.asprintf "@[<hov 2>%a@]" (Format.pp_print_list Format.pp_print_int) [ 1; 2; 3 ]);
  Printf.printf "Obj: %b\n" (Obj.Extension_constructor.name (Obj.Extension_constructor.of_val Exit) = "Stdlib.Exit");
  let buffer = Buffer.create 10 in
  Buffer.add_utf_8_uchar buffer (Uchar.of_int 0x20ac);
  Printf.printf "Marshal: %s\n" (Marshal.from_string (Marshal.to_string (Buffer.contents buffer) []) 0)
