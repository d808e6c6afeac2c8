(* SPDX-License-Identifier: ISC *)
(* A loop over Thread.yield lets all others run: those that have not begun, those whose sleep is over, those that wait for
   nothing but their turn. *)

(* No turn but those of Thread.yield: the loops allocate nothing and call nothing else. *)
let yield_until condition = while not !condition do Thread.yield () done

let begins () =
  let begun = ref false in
  let thread = Thread.create (fun () -> begun := true) () in
  yield_until begun;
  print_endline "a thread that had not begun";
  Thread.join thread

(* One ends the loop of the next one. *)
let chain () =
  let flags = Array.init 10 (fun _ -> ref false) in
  let link i () = yield_until flags.(i - 1); flags.(i) := true in
  let threads = List.init 9 (fun i -> Thread.create (link (i + 1)) ()) in
  flags.(0) := true;
  yield_until flags.(9);
  print_endline "nine threads, each of which yields until the one before it has run";
  List.iter Thread.join threads

let wakes () =
  let awake = ref false in
  let thread = Thread.create (fun () -> Thread.delay 0.02; awake := true) () in
  yield_until awake;
  print_endline "a thread whose sleep was over";
  Thread.join thread

(* Threads that do nothing but yield take turns: none runs for long by itself. *)
let turns () =
  let threads = 4 and rounds = 1000 in
  let ready = ref 0 and last = ref (-1) and longest = ref 0 in
  let body i =
    incr ready;
    while !ready < threads do Thread.yield () done;
    let run = ref 0 in
    for _ = 1 to rounds do
      if !last = i then incr run else run := 1;
      last := i;
      if !run > !longest && !ready = threads then longest := !run;
      Thread.yield ()
    done;
    ready := threads + 1
  in
  List.iter Thread.join (List.init threads (Thread.create body));
  Printf.printf "turns of one thread on end, at most 5: %b\n%!" (!longest <= 5)

(* What the garbage collector moves is there after each turn. *)
let collections () =
  let stop = ref false in
  let other = Thread.create (fun () ->
    while not !stop do Gc.minor (); Thread.yield () done) () in
  let good = ref true in
  for i = 1 to 1000 do
    let kept = [| string_of_int i; string_of_int (-i) |] in
    Thread.yield ();
    good := !good && int_of_string kept.(0) = i && int_of_string kept.(1) = -i
  done;
  stop := true;
  Thread.join other;
  Printf.printf "values kept while others collect: %b\n%!" !good

let () =
  Thread.yield ();
  print_endline "alone";
  begins ();
  chain ();
  wakes ();
  turns ();
  collections ()
