(* SPDX-License-Identifier: ISC *)
(* Domains, which take turns on the one processor: what they compute, how they wait for each other, where they end. *)

external command_line : unit -> string = "mirage_xen_get_cmdline"

let check what good = Printf.printf "%s: %b\n%!" what good
let rec fib n = if n < 2 then n else fib (n - 1) + fib (n - 2)

(* As many as the runtime's limit (`d`) allows, then its documented error; once some have ended, others can be had. *)
let limit least =
  let stop = Atomic.make false in
  let rec spawn made =
    match Domain.spawn (fun () -> while not (Atomic.get stop) do Domain.cpu_relax () done) with
    | domain -> spawn (domain :: made)
    | exception Failure what -> Printf.printf "Domain.spawn: Failure %S\n%!" what; made
  in
  let all () =
    Atomic.set stop false;
    let made = spawn [] in
    Atomic.set stop true;
    List.iter Domain.join made;
    List.length made
  in
  let first = all () in
  check "many" (first >= least);
  check "as many again" (all () = first)

(* With `d=1` there is nothing else to be had. *)
let () = if command_line () = "one" then (limit 0; exit 0)

(* In 64 MB with young heaps of 8 MB (`s=1M`): memory for a thread, but not for a domain's young heap. What was made of it is
   undone: the next attempt is none that waits for ever, collections come to their end, and with memory a domain can be had. *)
let half_way () =
  let spawn () =
    match Domain.join (Domain.spawn (fun () -> 4)) with
    | result -> Printf.printf "half-way: %d\n%!" result
    | exception Failure what -> Printf.printf "half-way: Failure %S\n%!" what
  in
  let[@inline never] without_memory () =
    let kept = List.init 9 (fun _ -> Bigarray.Array1.create Bigarray.char Bigarray.c_layout (4 lsl 20)) in
    for _ = 1 to 3 do spawn () done;
    let finalised = ref false in
    Gc.finalise (fun _ -> finalised := true) (ref 0);
    Gc.full_major ();
    check "collected" !finalised;
    ignore (Sys.opaque_identity kept)
  in
  without_memory ();
  Gc.full_major ();
  spawn ()

let () = if command_line () = "half-way" then (half_way (); exit 0)

let () =
  let domains = List.init 3 (fun i -> Domain.spawn (fun () -> fib (20 + i))) in
  List.iter (fun domain -> Printf.printf "joined: %d\n%!" (Domain.join domain)) domains;
  (match Domain.join (Domain.spawn (fun () -> failwith "its own")) with
   | () -> print_endline "no exception"
   | exception Failure what -> Printf.printf "joined: Failure %S\n" what);
  Printf.printf "the main domain: %b, recommended: %d\n" (Domain.is_main_domain ()) (Domain.recommended_domain_count ());
  Printf.printf "self: %d\n" (Domain.self () :> int);
  check "another one is not" (Domain.join (Domain.spawn (fun () -> not (Domain.is_main_domain ()))))

(* Who spins lets the other one run. *)
let () =
  let ball = Atomic.make 0 in
  let plays me = for _ = 1 to 1000 do while Atomic.get ball <> me do Domain.cpu_relax () done; Atomic.set ball (1 - me) done in
  let other = Domain.spawn (fun () -> plays 1) in
  plays 0;
  Domain.join other;
  check "ping-pong" (Atomic.get ball = 0)

(* Locks between domains. *)
let () =
  let mutex = Mutex.create () and filled = Condition.create () and queue = Queue.create () in
  let sums = List.init 2 (fun _ -> Domain.spawn (fun () ->
    let sum = ref 0 in
    for _ = 1 to 1000 do
      Mutex.lock mutex;
      while Queue.is_empty queue do Condition.wait filled mutex done;
      sum := !sum + Queue.pop queue;
      Mutex.unlock mutex
    done;
    !sum)) in
  for i = 1 to 2000 do Mutex.protect mutex (fun () -> Queue.add i queue; Condition.signal filled) done;
  Printf.printf "queue: %d\n%!" (List.fold_left (fun all d -> all + Domain.join d) 0 sums)

(* Collections stop all of them; each has its own young heap. *)
let () =
  let work seed () =
    let table = Hashtbl.create 16 in
    for i = 1 to 30_000 do
      Hashtbl.replace table (i mod 1000) (string_of_int (i + seed));
      if i mod 10_000 = 0 then Gc.full_major ()
    done;
    Hashtbl.fold (fun k v good -> good && (int_of_string v - seed) mod 1000 = k mod 1000) table true
  in
  let domains = List.init 4 (fun i -> Domain.spawn (work (1000 * i))) in
  check "collections" (List.for_all Domain.join domains);
  let stop = Atomic.make false in
  let allocates = Domain.spawn (fun () -> while not (Atomic.get stop) do ignore (Sys.opaque_identity (ref 0)) done) in
  Gc.compact ();
  Unix.sleepf 0.02;
  Atomic.set stop true;
  Domain.join allocates;
  check "an allocating loop and a sleeper" true

let () =
  let key = Domain.DLS.new_key (fun () -> 7) in
  Domain.DLS.set key (Domain.DLS.get key + 1);
  Printf.printf "domain-local: %d %d\n" (Domain.DLS.get key) (Domain.join (Domain.spawn (fun () -> Domain.DLS.get key)));
  Domain.join (Domain.spawn (fun () -> Domain.at_exit (fun () -> print_endline "the other domain's at_exit")));
  Domain.at_exit (fun () -> print_endline "the domain's at_exit")

let () =
  let mutex = Mutex.create () and condition = Condition.create () in
  Mutex.lock mutex;
  Printf.printf "try_lock of a locked one: %b\n" (Mutex.try_lock mutex);
  (match Mutex.lock mutex with () -> print_endline "locked twice" | exception Sys_error what -> print_endline what);
  Condition.signal condition;
  Condition.broadcast condition;
  Mutex.unlock mutex;
  (match Mutex.unlock mutex with () -> print_endline "unlocked twice" | exception Sys_error what -> print_endline what);
  Printf.printf "protect: %d\n" (Mutex.protect mutex (fun () -> 3));
  let semaphore = Semaphore.Counting.make 2 in
  Semaphore.Counting.acquire semaphore;
  Semaphore.Counting.acquire semaphore;
  Printf.printf "semaphore: %b %d\n" (Semaphore.Counting.try_acquire semaphore) (Semaphore.Counting.get_value semaphore);
  let count = Atomic.make 0 in
  for _ = 1 to 1000 do
    Atomic.incr count;
    Domain.cpu_relax ()
  done;
  let before = Atomic.exchange count 5 in
  Printf.printf "atomic: %d %b\n" before (Atomic.compare_and_set count 5 6);
  let once = lazy (print_endline "forced") in
  Lazy.force once;
  Lazy.force once

let () = limit 4

(* Where memory for a thread is lacking, the other documented error; once there is some again, a domain can be had. *)
let () =
  let rec fill size kept =
    match Bigarray.Array1.create Bigarray.char Bigarray.c_layout size with
    | block -> fill size (block :: kept)
    | exception Out_of_memory -> if size > 4096 then fill (size / 2) kept else kept
  in
  let kept = fill (1 lsl 22) [] in
  (match Domain.spawn (fun () -> ()) with
   | domain -> Domain.join domain; print_endline "spawned without memory"
   | exception Failure what -> Printf.printf "without memory: Failure %S\n%!" what);
  check "filled" (Sys.opaque_identity kept <> [])
let () =
  Gc.full_major ();
  Printf.printf "with memory again: %d\n%!" (Domain.join (Domain.spawn (fun () -> 3)))
