package cli

import (
	"context"
	"runtime"

	"github.com/fairway-k8s/fairway/internal/problem"
)

// inOrder works on all items with as many workers as there are processors, and hands the results on in the order of the items, each as soon as it is
// there and those before it were. Only a few results wait at a time, so that memory does not grow with the number of items.
func inOrder[T any](ctx context.Context, items []string, work func(item string) T, take func(T) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	waiting := make(chan chan T, 2*runtime.GOMAXPROCS(0))
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	go func() {
		defer close(waiting)
		for _, item := range items {
			result := make(chan T, 1)
			select {
			case <-ctx.Done():
				return
			case waiting <- result:
			}
			slots <- struct{}{}
			go func() {
				defer func() { <-slots }()
				result <- work(item)
			}()
		}
	}()
	for result := range waiting {
		if err := take(<-result); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return &problem.Problem{What: "stopped", Next: "run the command again", Exit: problem.ExitIncomplete, Err: err}
	}
	return nil
}
