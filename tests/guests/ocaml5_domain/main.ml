(* SPDX-License-Identifier: ISC *)
(* One domain, one thread: what needs another one says so, and what does not works. *)

let () =
  (match Domain.spawn (fun () -> 42) with
   | domain -> Printf.printf "spawned: %d\n" (Domain.join domain)
   | exception Failure what -> Printf.printf "Domain.spawn: Failure %S\n" what);
  Gc.full_major ();
  Printf.printf "the main domain: %b, recommended: %d\n" (Domain.is_main_domain ()) (Domain.recommended_domain_count ());
  Printf.printf "self: %d\n" (Domain.self () :> int)

let () =
  let key = Domain.DLS.new_key (fun () -> 7) in
  Domain.DLS.set key (Domain.DLS.get key + 1);
  Printf.printf "domain-local: %d\n" (Domain.DLS.get key);
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
