(* SPDX-License-Identifier: ISC *)
(* Every conversion, flag, width and precision of Printf, over ordinary and extreme values. *)

open Printf

let ints = [ 0; 1; -1; 42; -42; 123456789; max_int; min_int ]
let int32s = [ 0l; 1l; -1l; 305419896l; Int32.max_int; Int32.min_int ]
let int64s = [ 0L; 1L; -1L; 81985529216486895L; Int64.max_int; Int64.min_int ]
let nativeints = [ 0n; 1n; -1n; 1311768467463790320n; Nativeint.max_int; Nativeint.min_int ]

let floats =
  [ 0.; -0.; 1.; -1.; 0.1; 1. /. 3.; 1e10; 1e21; 1e22; 1e23; 123456.789; 1e-5; 1e-10; 5e-324; 2.2250738585072014e-308;
    1.7976931348623157e308; 9007199254740993.; 0.5; 1.5; 2.5; 99.5; 999999.5; infinity; neg_infinity; nan ]

let strings = [ ""; "x"; "hello"; "tab\tnewline\nquote\"backslash\\\000\255" ]

let () =
  List.iter
    (fun n ->
      printf "%d|%i|%u|%x|%X|%o\n" n n n n n n;
      printf "%10d|%-10d|%010d|%+d|% d|%#x|%#X|%#o|%#d|%#u\n" n n n n n n n n n n;
      printf "%*d|%-*d|%.5d|%12.7d|%-12.7x|\n" 8 n 8 n n n n)
    ints;
  List.iter
    (fun n ->
      printf "%ld|%li|%lu|%lx|%lX|%lo|%15ld|%-15ld|%015ld|%+ld|%#lx\n" n n n n n n n n n n n)
    int32s;
  List.iter
    (fun n ->
      printf "%Ld|%Li|%Lu|%Lx|%LX|%Lo|%25Ld|%-25Ld|%025Ld|%+Ld|%#Lx|%#Ld\n" n n n n n n n n n n n n)
    int64s;
  List.iter
    (fun n ->
      printf "%nd|%ni|%nu|%nx|%nX|%no|%25nd|%-25nd|%025nd|%+nd|%#nx\n" n n n n n n n n n n n)
    nativeints;
  List.iter
    (fun x ->
      printf "%f|%F|%e|%E|%g|%G|%h|%H|%#F\n" x x x x x x x x x;
      printf "%.0f|%.1f|%.3f|%.15f|%.17g|%.12g|%.0e|%.20e|%.3h|%.3H\n" x x x x x x x x x x;
      printf "%20.3f|%-20.3f|%020.3f|%+.3f|% .3f|%+e|%12g|%-12g|%*.*f\n" x x x x x x x x 12 2 x)
    floats;
  List.iter
    (fun s -> printf "%S|%10s|%-10s|%s\n" s (String.escaped s) (String.escaped s) (String.escaped s))
    strings;
  List.iter (fun c -> printf "%C|%c\n" c (if c < ' ' then '.' else c)) [ 'a'; '\n'; '\''; '\\'; '\000' ];
  printf "%B|%b|%B|%10B\n" true false false true;
  printf "%%|%@|%!%a|%t|%(%d%)|%s\n"
    (fun channel -> fprintf channel "<%d>")
    7
    (fun channel -> output_string channel "thunk")
    "[%d]" 9 "end";
  printf "%s\n" (sprintf "%{%d %s%}" "%d %s");
  let buffer = Buffer.create 10 in
  bprintf buffer "%d-%s-%.2f" 1 "two" 3.;
  print_endline (Buffer.contents buffer);
  ksprintf print_endline "%s continues with %d" "ksprintf" 4;
  print_endline (Format.asprintf "@[<v 2>box@,%d@,@[<hov>%a@]@]" 5 (Format.pp_print_list Format.pp_print_int) [ 1; 2; 3 ])
