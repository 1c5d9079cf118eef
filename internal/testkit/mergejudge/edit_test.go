package mergejudge

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
)

const edited = service + `---
apiVersion: v1
kind: Service
metadata:
  name: shop
  labels:
    app: shop
spec:
  ports:
    - port: 80
`

func TestEditLeavesValidFiles(t *testing.T) {
	changed := 0
	for seed := range uint64(60) {
		data := []byte(edited)
		for round := range 3 {
			next := Edit(rand.New(rand.NewPCG(seed, uint64(round))), data)
			if again := Edit(rand.New(rand.NewPCG(seed, uint64(round))), data); !bytes.Equal(next, again) {
				t.Fatalf("seed %d: two runs differ", seed)
			}
			f, err := read(next)
			if err != nil {
				t.Fatalf("seed %d: %v\n%s", seed, err, next)
			}
			if b := blemishes(f); len(b) > 0 {
				t.Fatalf("seed %d: %q\n%s", seed, b, next)
			}
			if !bytes.Equal(next, data) {
				changed++
			}
			data = next
		}
	}
	if changed < 177 {
		t.Errorf("only %d of 180 calls changed anything", changed)
	}
}

// TestEveryEditor sees every kind of edit change a file.
func TestEveryEditor(t *testing.T) {
	for _, e := range edits {
		name := runtime.FuncForPC(reflect.ValueOf(e.do).Pointer()).Name()
		name = name[strings.LastIndexByte(name, '.')+1:]
		done := 0
		for seed := range uint64(100) {
			text := newText([]byte(edited))
			if !e.do(rand.New(rand.NewPCG(seed, 1)), text) {
				continue
			}
			next := text.bytes()
			if !bytes.Equal(next, []byte(edited)) && sound([]byte(edited), next) && (!e.style || Same([]byte(edited), next) && slices.Equal(texts([]byte(edited)), texts(next))) {
				done++
			}
		}
		if done == 0 {
			t.Errorf("%s never changes the file to another valid one", name)
		}
		t.Logf("%s: %d of 100", name, done)
	}
}
