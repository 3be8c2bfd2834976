;; Walks bytes through an automaton, and counts lines. Memory is the host's: the classes of all bytes as 16-bit
;; offsets of 4 times the class from address 0, the text, and the table of 32-bit addresses, each of the row to go
;; on in (see line-walker.ts). A state is the address of its row.
(module
  (memory (import "host" "memory") 1)

  ;; The state behind bytes $from to $end.
  (func $walk (export "walk") (param $from i32) (param $end i32) (param $state i32) (result i32)
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $from) (local.get $end)))
        (local.set $state
          (i32.load (i32.add (local.get $state)
            (i32.load16_u (i32.shl (i32.load8_u (local.get $from)) (i32.const 1))))))
        (local.set $from (i32.add (local.get $from) (i32.const 1)))
        (br $next)))
    (local.get $state))

  ;; The same of four parts that follow each other. All at once keep the processor busy, as far as the shortest goes.
  (func (export "walkFour")
    (param $a i32) (param $b i32) (param $c i32) (param $d i32) (param $end i32) (param $start i32)
    (result i32 i32 i32 i32)
    (local $endA i32) (local $endB i32) (local $endC i32) (local $least i32)
    (local $stateA i32) (local $stateB i32) (local $stateC i32) (local $stateD i32)
    (local.set $endA (local.get $b))
    (local.set $endB (local.get $c))
    (local.set $endC (local.get $d))
    (local.set $stateA (local.get $start))
    (local.set $stateB (local.get $start))
    (local.set $stateC (local.get $start))
    (local.set $stateD (local.get $start))
    (local.set $least (call $min
      (call $min (i32.sub (local.get $b) (local.get $a)) (i32.sub (local.get $c) (local.get $b)))
      (call $min (i32.sub (local.get $d) (local.get $c)) (i32.sub (local.get $end) (local.get $d)))))
    (local.set $least (i32.add (local.get $a) (local.get $least)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $a) (local.get $least)))
        (local.set $stateA
          (i32.load (i32.add (local.get $stateA)
            (i32.load16_u (i32.shl (i32.load8_u (local.get $a)) (i32.const 1))))))
        (local.set $stateB
          (i32.load (i32.add (local.get $stateB)
            (i32.load16_u (i32.shl (i32.load8_u (local.get $b)) (i32.const 1))))))
        (local.set $stateC
          (i32.load (i32.add (local.get $stateC)
            (i32.load16_u (i32.shl (i32.load8_u (local.get $c)) (i32.const 1))))))
        (local.set $stateD
          (i32.load (i32.add (local.get $stateD)
            (i32.load16_u (i32.shl (i32.load8_u (local.get $d)) (i32.const 1))))))
        (local.set $a (i32.add (local.get $a) (i32.const 1)))
        (local.set $b (i32.add (local.get $b) (i32.const 1)))
        (local.set $c (i32.add (local.get $c) (i32.const 1)))
        (local.set $d (i32.add (local.get $d) (i32.const 1)))
        (br $next)))
    (call $walk (local.get $a) (local.get $endA) (local.get $stateA))
    (call $walk (local.get $b) (local.get $endB) (local.get $stateB))
    (call $walk (local.get $c) (local.get $endC) (local.get $stateC))
    (call $walk (local.get $d) (local.get $end) (local.get $stateD)))

  (func $min (param $a i32) (param $b i32) (result i32)
    (select (local.get $a) (local.get $b) (i32.lt_u (local.get $a) (local.get $b))))

  ;; Of bytes that end with a line end: lines, those of them that are blank, and the bytes of the longest, its end
  ;; included. A carriage return alone is a blank line where $hasReturns.
  (func (export "measure") (param $from i32) (param $end i32) (param $hasReturns i32) (result i32 i32 i32)
    (local $lines i32) (local $blanks i32) (local $longest i32)
    (local $at i32) (local $ends i32) (local $next i32) (local $length i32)
    (local.set $at (local.get $from))
    (block $done
      (loop $sixteen
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $ends (i8x16.bitmask (i8x16.eq
          (v128.load (local.get $at)) (i8x16.splat (i32.const 10)))))
        (block $none
          (loop $one
            (br_if $none (i32.eqz (local.get $ends)))
            (local.set $next (i32.add (i32.add (local.get $at) (i32.ctz (local.get $ends))) (i32.const 1)))
            (br_if $none (i32.gt_u (local.get $next) (local.get $end)))
            (local.set $length (i32.sub (local.get $next) (local.get $from)))
            (local.set $lines (i32.add (local.get $lines) (i32.const 1)))
            (if (i32.gt_u (local.get $length) (local.get $longest))
              (then (local.set $longest (local.get $length))))
            (if (i32.le_u (local.get $length) (i32.const 2))
              (then
                (if (i32.eq (local.get $length) (i32.const 1))
                  (then (local.set $blanks (i32.add (local.get $blanks) (i32.const 1))))
                  (else
                    (if (i32.and (local.get $hasReturns)
                          (i32.eq (i32.load8_u (local.get $from)) (i32.const 13)))
                      (then (local.set $blanks (i32.add (local.get $blanks) (i32.const 1)))))))))
            (local.set $from (local.get $next))
            (local.set $ends (i32.and (local.get $ends) (i32.sub (local.get $ends) (i32.const 1))))
            (br $one)))
        (local.set $at (i32.add (local.get $at) (i32.const 16)))
        (br $sixteen)))
    (local.get $lines) (local.get $blanks) (local.get $longest)))
