package source

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"
)

// naiveGet is Get as it is described: the entries in order, what stands later wins.
func naiveGet(n Node, key string) (found Node) {
	for e := range n.Resolve().Entries() {
		if !e.Key.IsMergeKey() {
			if e.Key.Kind() == Scalar && e.Key.Text() == key {
				found = e.Value
			}
			continue
		}
		from := e.Value.Resolve()
		if from.Kind() == Mapping {
			if v := naiveGet(from, key); !v.IsZero() {
				found = v
			}
		}
		for _, item := range from.Items() {
			if v := naiveGet(item, key); !v.IsZero() {
				found = v
				break
			}
		}
	}
	return found
}

// TestGetLikeNaive compares the search in small mappings, in large ones, which have an index, and through merge keys.
func TestGetLikeNaive(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, size := range []int{3, 30, 1500} {
		for range 30 {
			var b strings.Builder
			const bases = 4
			for i := range bases {
				fmt.Fprintf(&b, "base%d: &b%d {x%d: %d", i, i, rnd.IntN(8), i)
				if i > 0 {
					fmt.Fprintf(&b, ", <<: [*b%d, *b%d]", rnd.IntN(i), rnd.IntN(i))
				}
				fmt.Fprintf(&b, ", x%d: %d}\n", rnd.IntN(8), 10+i)
			}
			b.WriteString("all:\n")
			for i := range size {
				switch rnd.IntN(max(4, size/3)) {
				case 0:
					fmt.Fprintf(&b, "  <<: *b%d\n", rnd.IntN(bases))
				default:
					key := []string{"x%d", "'x%d'", `"\x78%d"`}[rnd.IntN(3)]
					fmt.Fprintf(&b, "  "+key+": %d\n", rnd.IntN(max(8, size/2)), i)
				}
			}
			f := Parse("", []byte(b.String()))
			if f.Docs[0].Err != nil {
				t.Fatal(f.Docs[0].Err)
			}
			all := f.Docs[0].Root.Get("all")
			for k := range 12 {
				key := fmt.Sprintf("x%d", k)
				if got, want := all.Get(key), naiveGet(all, key); got != want {
					t.Fatalf("%s: got %q, want %q in\n%s", key, got.Raw(), want.Raw(), b.String())
				}
			}
		}
	}
}

// TestGetThroughManyMerges: ten merges in each of twelve mappings are a million million ways. It does not end when each is gone.
func TestGetThroughManyMerges(t *testing.T) {
	text := "a0: &a0 {x: y}\n"
	for i := 1; i < 13; i++ {
		text += fmt.Sprintf("a%d: &a%d {<<: [%s*a%d], <<: *a%d}\n", i, i, strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 9), i-1, i-1)
	}
	root := Parse("", []byte(text)).Docs[0].Root
	if got := root.Get("a12").Get("x").Text(); got != "y" {
		t.Errorf("x is %q, want y", got)
	}
	if got := root.Get("a12").Get("z"); !got.IsZero() {
		t.Errorf("z is %q, want nothing", got.Raw())
	}
}

// TestPositionInLongLines compares with counting from the line's beginning.
func TestPositionInLongLines(t *testing.T) {
	for _, head := range []string{"", "\ufeff"} {
		lines := []string{strings.Repeat("x", 3*longLine+7), strings.Repeat("ä€", longLine), "", strings.Repeat("y", longLine), "z"}
		text := head + strings.Join(lines, "\n")
		f := Parse("", []byte(text))
		start := len(head)
		for i, line := range lines {
			for at := 0; at <= len(line); at += 1 + at%97 {
				want := Position{i + 1, 1 + utf8.RuneCountInString(strings.ToValidUTF8(line[:at], ""))}
				if !utf8.ValidString(line[:at]) {
					want.Column++ // the first byte of a character counts for it
				}
				if got := f.Position(start + at); got != want {
					t.Fatalf("byte %d of line %d: got %v, want %v", at, i+1, got, want)
				}
			}
			start += len(line) + 1
		}
	}
}
