package testbed

import (
	"os"
	"path/filepath"
	"testing"
)

// A process that is not written down would outlive its bed: it never becomes the program it was started for.
func TestStartUnwritten(t *testing.T) {
	b := &Bed{dir: t.TempDir()}
	mark := filepath.Join(b.dir, "mark")
	for _, dir := range []string{"log", stateFile + ".new"} { // a folder where the state is to be written
		if err := os.Mkdir(filepath.Join(b.dir, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.start("touch", "touch", mark); err == nil {
		t.Fatal("no error though the state could not be written")
	}
	<-b.Processes[0].gone
	if _, err := os.Stat(mark); err == nil {
		t.Error("it ran")
	}
	if err := os.Remove(filepath.Join(b.dir, stateFile+".new")); err != nil {
		t.Fatal(err)
	}
	p, err := b.start("touch", "touch", mark)
	if err != nil {
		t.Fatal(err)
	}
	<-p.gone
	if _, err := os.Stat(mark); err != nil {
		t.Errorf("written down, it did not run: %v", err)
	}
}
