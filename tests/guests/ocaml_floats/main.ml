(* SPDX-License-Identifier: ISC *)
(* Float arithmetic, special values, elementary functions at points where the result is exact or well known, printing
   and parsing to the last digit. *)

(* The sign of a NaN is not defined, and only C's conversions show it. *)
let show x = if x <> x then print_endline "nan" else Printf.printf "%h %.17g %s\n" x x (string_of_float x)

let special = [ 0.; -0.; 1.; -1.5; infinity; neg_infinity; nan; max_float; min_float; epsilon_float; 4.9e-324 ]

let class_name x =
  match classify_float x with
  | FP_normal -> "normal"
  | FP_subnormal -> "subnormal"
  | FP_zero -> "zero"
  | FP_infinite -> "infinite"
  | FP_nan -> "nan"

let () =
  List.iter
    (fun a ->
      Printf.printf "%h %s:" a (class_name a);
      List.iter
        (fun b ->
          Printf.printf " %h %h %h %h %h %b%b%b %d;" (a +. b) (a -. b) (a *. b)
            (Float.abs (a /. b))
            (Float.rem a b) (a = b) (a < b) (a <= b) (compare a b))
        special;
      print_newline ())
    special

let () =
  List.iter
    (fun x ->
      Printf.printf "%h: %h %h %h %h %h\n" x (ceil x) (floor x) (Float.trunc x) (Float.round x) (Float.abs x);
      let mantissa, exponent = frexp x and fraction, whole = modf x in
      Printf.printf "%h: %h*2^%d, %h + %h, %h\n" x mantissa exponent fraction whole (ldexp x 5))
    [ 0.; -0.; 0.5; -0.5; 1.5; 2.5; -2.5; 1e15; 4503599627370497.5; -1e300; infinity ]

let exact =
  [ sqrt 2.; sqrt 144.; sqrt (-1.); exp 0.; exp infinity; exp neg_infinity; log 1.; log 0.; log10 1000.; Float.log2 1024.;
    10. ** 15.; 2. ** -1074.; 0. ** 0.; (-8.) ** 3.; (-8.) ** 0.5; sin 0.; cos 0.; tan 0.; atan2 0. 1.; atan2 (-0.) 1.;
    hypot 3. 4.; cosh 0.; sinh 0.; tanh infinity; expm1 0.; log1p 0.; asin 0.; acos 1.; atan infinity; Float.exp2 10.; Float.erf 0.; Float.erfc 0.; Float.fma 3. 4. 5.; Float.succ 1.; Float.pred 1.; copysign 3. (-0.);
    Float.min_num nan 1.; Float.max 0. (-0.); mod_float 10. 3.; mod_float (-10.) 3. ]

let () = List.iter show exact

(* Elsewhere the last bit may differ between mathematics libraries: ten digits must not. *)
let () =
  List.iter
    (fun x ->
      Printf.printf "%g: %.10g %.10g %.10g %.10g %.10g %.10g %.10g %.10g %.10g\n" x (sin x) (cos x) (tan x) (exp x)
        (log (Float.abs x))
        (atan x) (sinh x) (tanh x)
        (Float.abs x ** 1.7);
      Printf.printf "%.10g %.10g %.10g\n" (Float.cbrt x) (Float.erf x) (Float.log1p (Float.abs x)))
    [ 0.1; 1.; 2.5; 10.; 1e5; -3.7; 1e-9 ]

let () =
  List.iter
    (fun s ->
      match float_of_string_opt s with
      | Some x -> Printf.printf "%S: %h %.17g\n" s x x
      | None -> Printf.printf "%S: none\n" s)
    [ "0"; "-0"; "1e400"; "-1e400"; "1e-400"; "0x1.8p3"; "0x1p-1074"; "0x1.fffffffffffff8p0"; "inf"; "-infinity"; "nan";
      "1_000.5"; ".5"; "5."; "1e"; "abc"; ""; "2.2250738585072011e-308"; "1.7976931348623159e308"; "9007199254740993";
      "123456789012345678901234567890"; "0.1000000000000000055511151231257827021181583404541015625"; "6.9e-310"; "1e23" ]

let () =
  let sum = ref 0. in
  for i = 1 to 1_000_000 do
    sum := !sum +. (1. /. float_of_int i)
  done;
  show !sum;
  let x = ref 0.5 in
  for _ = 1 to 100_000 do
    x := 3.9 *. !x *. (1. -. !x)
  done;
  show !x;
  let state = Array.init 1000 (fun i -> float_of_int (i * i) /. 7.) in
  show (Array.fold_left ( +. ) 0. state);
  show (Float.Array.fold_left ( +. ) 0. (Float.Array.init 1000 (fun i -> float_of_int i *. 0.1)))
