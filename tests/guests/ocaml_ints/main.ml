(* SPDX-License-Identifier: ISC *)
(* int, Int32, Int64 and Nativeint: wrap-around, division's corners, shifts, conversions, parsing. *)

let attempt show f = match f () with v -> show v | exception Division_by_zero -> "Division_by_zero" | exception Failure m -> m

module type Integer = sig
  type t

  val add : t -> t -> t
  val sub : t -> t -> t
  val mul : t -> t -> t
  val div : t -> t -> t
  val rem : t -> t -> t
  val logand : t -> t -> t
  val logor : t -> t -> t
  val logxor : t -> t -> t
  val lognot : t -> t
  val shift_left : t -> int -> t
  val shift_right : t -> int -> t
  val shift_right_logical : t -> int -> t
  val to_string : t -> string
  val of_string : string -> t
  val of_float : float -> t
  val to_float : t -> float
  val to_int : t -> int
  val compare : t -> t -> int
  val unsigned_div : t -> t -> t
  val unsigned_rem : t -> t -> t
  val unsigned_compare : t -> t -> int
end

module Exercise (I : Integer) = struct
  let run name values =
    Printf.printf "-- %s\n" name;
    let show = I.to_string in
    List.iter
      (fun a ->
        List.iter
          (fun b ->
            Printf.printf "%s %s: %s %s %s %s %s %s %s %s %s %s %d %d\n" (show a) (show b) (show (I.add a b))
              (show (I.sub a b)) (show (I.mul a b))
              (attempt show (fun () -> I.div a b))
              (attempt show (fun () -> I.rem a b))
              (show (I.logand a b)) (show (I.logor a b)) (show (I.logxor a b))
              (attempt show (fun () -> I.unsigned_div a b))
              (attempt show (fun () -> I.unsigned_rem a b))
              (compare (I.compare a b) 0)
              (compare (I.unsigned_compare a b) 0))
          values;
        Printf.printf "%s: %s %s %s %s %h %d\n" (show a) (show (I.lognot a))
          (show (I.shift_left a 7)) (show (I.shift_right a 9)) (show (I.shift_right_logical a 9)) (I.to_float a) (I.to_int a))
      values;
    List.iter
      (fun s -> Printf.printf "%S: %s\n" s (attempt show (fun () -> I.of_string s)))
      [ "0"; "-0"; "0x10"; "0b101"; "0o17"; "1_000"; "-2147483648"; "2147483648"; "9223372036854775807"; "0u4294967295";
        "9223372036854775808"; "0xffffffffffffffff"; ""; "-"; "12a"; "0x"; " 1" ];
    List.iter (fun x -> Printf.printf "%h: %s\n" x (show (I.of_float x))) [ 0.; 1.9; -1.9; 123456789.; -2147483648. ]
end

module Exercise32 = Exercise (Int32)
module Exercise64 = Exercise (Int64)
module Exercise_native = Exercise (Nativeint)

let () =
  Exercise32.run "Int32" Int32.[ zero; one; minus_one; 1000003l; max_int; min_int ];
  Exercise64.run "Int64" Int64.[ zero; one; minus_one; 1000000000039L; max_int; min_int ];
  Exercise_native.run "Nativeint" Nativeint.[ zero; minus_one; 1000000000039n; max_int; min_int ];
  print_endline "-- int";
  Printf.printf "%d %d %d %d\n" (max_int + 1) (min_int - 1) (min_int * -1) (max_int * max_int);
  Printf.printf "%d %d %d %d\n" (7 / -2) (7 mod -2) (-7 / 2) (-7 mod 2);
  Printf.printf "%d %d %d\n" (-1 lsr 1) (-16 asr 2) (1 lsl 62);
  Printf.printf "%s\n" (attempt string_of_int (fun () -> 1 / Sys.opaque_identity 0));
  Printf.printf "%d %d\n" (Int64.to_int 0x7fff_ffff_ffff_ffffL) (Int32.to_int 0xffff_ffffl);
  Printf.printf "%Lx %Lx\n" (Int64.bits_of_float 1.) (Int64.bits_of_float (-0.));
  Printf.printf "%lx %h\n" (Int32.bits_of_float 1.1) (Int32.float_of_bits 0x7f7fffffl)
