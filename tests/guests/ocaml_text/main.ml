(* SPDX-License-Identifier: ISC *)
(* Str, Scanf and Lexing over strings. *)

let () =
  let r = Str.regexp "\\([a-z]+\\)=\\([0-9]+\\)" in
  let s = "one=1, two=22; three=333 four=x five=5" in
  let rec all from =
    match Str.search_forward r s from with
    | at ->
        Printf.printf "%d: %s -> %s\n" at (Str.matched_group 1 s) (Str.matched_group 2 s);
        all (Str.match_end ())
    | exception Not_found -> ()
  in
  all 0;
  print_endline (Str.global_replace r "\\2:\\1" s);
  print_endline (String.concat "|" (Str.split (Str.regexp "[ ,;]+") s));
  print_endline (Str.global_substitute (Str.regexp_case_fold "O[a-z]") (fun m -> String.uppercase_ascii (Str.matched_string m)) s);
  Printf.printf "%b %b %d\n" (Str.string_match (Str.regexp "^one") s 0) (Str.string_match (Str.regexp "two") s 0)
    (Str.search_backward (Str.regexp_string "five") s (String.length s));
  let long = String.concat "" (List.init 5_000 (fun i -> Printf.sprintf "k%d=%d;" i (i * i))) in
  Printf.printf "%d\n" (List.length (Str.full_split (Str.regexp "[=;]") long))

let () =
  Scanf.sscanf "12 -7 0x1f 3.5e2 word \"quoted\\n\" true c" "%d %i %i %f %s %S %B %c" (fun a b c d e f g h ->
      Printf.printf "%d %d %d %g %s %S %B %C\n" a b c d e f g h);
  Scanf.sscanf "abc123def" "%[a-z]%d%[^0-9]" (fun a b c -> Printf.printf "%s %d %s\n" a b c);
  Scanf.sscanf "12345678" "%3d%2x%s" (fun a b c -> Printf.printf "%d %d %s\n" a b c);
  Scanf.sscanf "9223372036854775807 -1 77" "%Ld %nd %ld" (fun a b c -> Printf.printf "%Ld %nd %ld\n" a b c);
  Scanf.sscanf "1,2,3" "%d,%d,%d%!" (fun a b c -> Printf.printf "%d\n" (a + b + c));
  List.iter
    (fun input ->
      match Scanf.sscanf input "%d-%d" (fun a b -> (a, b)) with
      | a, b -> Printf.printf "%S: %d %d\n" input a b
      | exception Scanf.Scan_failure m -> Printf.printf "%S: %s\n" input m
      | exception End_of_file -> Printf.printf "%S: End_of_file\n" input
      | exception Failure m -> Printf.printf "%S: %s\n" input m)
    [ "1-2"; "1+2"; "x"; ""; "99999999999999999999-1"; "1-" ];
  let buffer = Scanf.Scanning.from_string "3\n1.5\n2.5\n-4" in
  let n = Scanf.bscanf buffer " %d" Fun.id in
  let numbers = List.init n (fun _ -> Scanf.bscanf buffer " %f" Fun.id) in
  Printf.printf "%g\n" (List.fold_left ( +. ) 0. numbers);
  let floats = [ 1e-7; 123456.789; 5e-324; 0.1 ] in
  List.iter (fun x -> Printf.printf "%b\n" (Scanf.sscanf (Printf.sprintf "%.17g" x) "%f" Fun.id = x)) floats;
  Printf.printf "%h\n" (Scanf.sscanf "0x1.8p+1" "%h" Fun.id)
