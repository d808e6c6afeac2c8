(* SPDX-License-Identifier: ISC *)
(* OCaml's threads library: threads with known results, whichever thread runs first. *)

let check what good = Printf.printf "%s: %b\n%!" what good

(* A bounded queue of three producers and three consumers. *)
let () =
  let mutex = Mutex.create () and filled = Condition.create () and emptied = Condition.create () in
  let queue = Queue.create () and sum = ref 0 in
  let produce from =
    for i = from to from + 999 do
      Mutex.lock mutex;
      while Queue.length queue >= 4 do Condition.wait emptied mutex done;
      Queue.add i queue;
      Condition.signal filled;
      Mutex.unlock mutex
    done
  and consume () =
    for _ = 1 to 1000 do
      Mutex.lock mutex;
      while Queue.is_empty queue do Condition.wait filled mutex done;
      sum := !sum + Queue.pop queue;
      Condition.signal emptied;
      Mutex.unlock mutex
    done
  in
  let consumers = List.init 3 (fun _ -> Thread.create consume ()) in
  let producers = List.init 3 (fun i -> Thread.create produce (i * 1000)) in
  List.iter Thread.join (consumers @ producers);
  Printf.printf "queue: %d\n%!" !sum

(* Events: a sieve of channels. *)
let () =
  let open Event in
  let rec numbers n out = sync (send out n); if n < 200 then numbers (n + 1) out else sync (send out 0) in
  let rec filter prime inn out =
    let n = sync (receive inn) in
    if n = 0 then sync (send out 0)
    else begin
      if n mod prime <> 0 then sync (send out n);
      filter prime inn out
    end
  in
  let first = new_channel () in
  ignore (Thread.create (numbers 2) first);
  let rec primes from found =
    match sync (receive from) with
    | 0 -> List.rev found
    | prime ->
      let next = new_channel () in
      ignore (Thread.create (filter prime from) next);
      primes next (prime :: found)
  in
  let found = primes first [] in
  Printf.printf "primes: %d, the last %d\n%!" (List.length found) (List.nth found (List.length found - 1));
  let a = new_channel () and b = new_channel () in
  let thread = Thread.create (fun () -> sync (send b "b")) () in
  print_endline (select [ receive a; receive b ]);
  Thread.join thread

(* Delays end in order, together: it does not matter when each begins. *)
let () =
  let order = ref [] and before = Unix.gettimeofday () in
  let delay n () = Thread.delay (0.24 *. float n); order := n :: !order in
  List.iter Thread.join (List.map (fun n -> Thread.create (delay n) ()) [ 3; 1; 4; 2 ]);
  Printf.printf "delays: %s\n%!" (String.concat " " (List.rev_map string_of_int !order));
  check "together" (Unix.gettimeofday () -. before >= 0.96)

(* A loop that allocates lets others run: the tick that OCaml's threads take turns by. *)
let () =
  let stop = ref false and turns = ref 0 in
  let other = Thread.create (fun () -> while not !stop do incr turns; Thread.delay 0.001 done) () in
  let before = Unix.gettimeofday () in
  while !turns < 3 && Unix.gettimeofday () -. before < 20. do
    ignore (Sys.opaque_identity (List.init 100 (fun i -> i)))
  done;
  stop := true;
  Thread.join other;
  check "an allocating loop and a sleeper" (!turns >= 3);
  let counts = Array.make 3 0 and stop = ref false in
  let work i =
    while not !stop do
      ignore (Sys.opaque_identity (Array.make 10 i));
      counts.(i) <- counts.(i) + 1
    done
  in
  let threads = List.init 3 (fun i -> Thread.create work i) in
  let before = Unix.gettimeofday () in
  while not (Array.for_all (fun n -> n > 0) counts) && Unix.gettimeofday () -. before < 20. do Thread.yield () done;
  stop := true;
  List.iter Thread.join threads;
  check "three allocating loops" (Array.for_all (fun n -> n > 0) counts)

(* Exceptions stay in their thread; each has its own stack, which collections look through. *)
exception Own of int

let () =
  let seen = Array.make 50 0 in
  let body i =
    let kept = List.init 100 (fun j -> string_of_int (i + j)) in
    (try Thread.yield (); raise (Own i) with Own n -> seen.(n) <- n);
    if i mod 10 = 0 then Gc.compact ();
    Thread.yield ();
    List.iteri (fun j s -> if int_of_string s <> i + j then seen.(i) <- -1) kept
  in
  List.iter Thread.join (List.init 50 (fun i -> Thread.create body i));
  check "own exceptions" (Array.for_all Fun.id (Array.mapi (fun i n -> i = n) seen));
  let rec deep n = if n = 0 then (Thread.yield (); 0) else 1 + deep (n - 1) in
  let depths = Array.make 4 0 in
  List.iter Thread.join (List.init 4 (fun i -> Thread.create (fun () -> depths.(i) <- deep (1000 * (i + 1))) ()));
  check "own stacks" (depths = [| 1000; 2000; 3000; 4000 |])

(* Ends, and ids. *)
let () =
  let ended = ref false in
  let thread = Thread.create (fun () -> try Thread.yield (); ended := true; raise Exit with Exit -> ()) () in
  check "another id" (Thread.id thread <> Thread.id (Thread.self ()));
  Thread.join thread;
  check "joined" !ended;
  let mutex = Mutex.create () in
  Mutex.lock mutex;
  let got = ref true in
  Thread.join (Thread.create (fun () -> got := Mutex.try_lock mutex) ());
  check "held by another" (not !got);
  Mutex.unlock mutex;
  let count = ref 0 in
  for _ = 1 to 500 do Thread.join (Thread.create incr count) done;
  check "one after the other" (!count = 500);
  let many = List.init 100 (fun _ -> Thread.create (fun () -> Thread.yield (); incr count) ()) in
  List.iter Thread.join many;
  check "a hundred" (!count = 600)

(* What a thread leaves running when the program ends. *)
let () =
  at_exit (fun () -> print_endline "at_exit");
  ignore (Thread.create (fun () -> Thread.delay 1000.) ())
