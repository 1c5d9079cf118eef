package probeverify

import (
	"slices"
	"testing"
	"time"
)

// One late answer of many is the machine's; many are the application's. A wrong answer counts at once.
func TestWrong(t *testing.T) {
	ok, late1, bad := Answer{Outcome: Good, Code: 200}, Answer{Outcome: TimedOut}, Answer{Outcome: Bad, Code: 503}
	many := slices.Repeat([]Answer{ok}, 40)
	for _, c := range []struct {
		name        string
		h           []Answer
		wrong, late int
	}{
		{"none", many, -1, -1},
		{"one late of 41", slices.Concat(many, []Answer{late1}), -1, -1},
		{"three late of 43", slices.Concat(many, []Answer{late1, late1, late1}), 40, 40},
		{"one wrong of 41", slices.Concat(many, []Answer{bad}), 40, -1},
		{"one late, then one wrong", slices.Concat(many, []Answer{late1, bad}), 41, -1},
		{"only one, and late", []Answer{late1}, 0, 0},
		{"nothing", nil, -1, -1},
	} {
		if got := wrong(c.h); got != c.wrong {
			t.Errorf("%s: wrong %d, want %d", c.name, got, c.wrong)
		}
		if got := late(c.h); got != c.late {
			t.Errorf("%s: late %d, want %d", c.name, got, c.late)
		}
	}
}

// What was seen is told in the order of time, and counted when it goes to and fro.
func TestSeen(t *testing.T) {
	t0 := time.Unix(1000, 0)
	at := func(seconds float64, code int) Answer {
		a := Answer{At: t0.Add(time.Duration(seconds * float64(time.Second))), Outcome: Good, Code: code}
		if code >= 400 {
			a.Outcome = Bad
		}
		return a
	}
	for _, c := range []struct {
		h           []Answer
		want, short string
	}{
		{nil, "not asked", "not asked"},
		{[]Answer{at(0, 200), at(1, 200)}, "200", "200"},
		{[]Answer{at(0, 503), at(2.14, 200)}, "503, after 2.1 s 200", "503 > 200"},
		{[]Answer{at(0, 503), at(0.0204, 200), at(45, 503)}, "503, after 20 ms 200, after 45 s 503", "503 > 200 > 503"},
		{[]Answer{at(0, 200), at(1, 503), at(2, 200), at(3, 503), at(4, 200)}, "200 (3), 503 (2)", "200 (3), 503 (2)"},
	} {
		if got := seen(c.h, t0); got != c.want || short(got) != c.short {
			t.Errorf("%q, in short %q, want %q, %q", got, short(got), c.want, c.short)
		}
	}
}
