package story

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"
)

// Cluster is a cluster with a node, by kubectl with all rights.
type Cluster interface {
	// Run runs kubectl. The error of a kubectl that exits other than 0 holds what it said.
	Run(ctx context.Context, stdin string, args ...string) (stdout, stderr string, err error)
}

// pod is what the story looks at.
type pod struct {
	Metadata struct {
		UID               string            `json:"uid"`
		Labels            map[string]string `json:"labels"`
		DeletionTimestamp string            `json:"deletionTimestamp"`
	} `json:"metadata"`
	Status struct {
		ContainerStatuses []struct {
			Ready        bool `json:"ready"`
			RestartCount int  `json:"restartCount"`
		} `json:"containerStatuses"`
	} `json:"status"`
}

// list reads a list of objects as the API has it.
func list[T any](ctx context.Context, c Cluster, args ...string) ([]T, error) {
	out, _, err := c.Run(ctx, "", append([]string{"get", "-o", "json", "-n", namespace}, args...)...)
	if err != nil {
		return nil, err
	}
	var all struct {
		Items []T `json:"items"`
	}
	if err := json.Unmarshal([]byte(out), &all); err != nil {
		return nil, fmt.Errorf("what kubectl get %s prints: %w", strings.Join(args, " "), err)
	}
	return all.Items, nil
}

// watcher counts ready pods of koreserver and restarts of their containers, while pods come and go.
type watcher struct {
	cluster Cluster
	mu      sync.Mutex
	before  map[string]int  // restarts by pod when the act began
	now     map[string]int  // and since, those of pods that have gone included
	old     map[string]bool // pods that do not count: those that were there before a rollout
	ready   int             // pods that are ready and stay
	pods    int             // pods that stay
	err     error
}

// watch looks at the pods once a second until end is called, which may be called again. With fresh only pods that come from now on count.
// State is called at each change; after end it is not called any more.
func watch(ctx context.Context, c Cluster, fresh bool, state func(ready, restarts int)) (w *watcher, end func() error) {
	ctx, cancel := context.WithCancel(ctx)
	w = &watcher{cluster: c, now: map[string]int{}, old: map[string]bool{}}
	w.look(ctx)
	w.before = maps.Clone(w.now)
	if fresh {
		for uid := range w.now {
			w.old[uid] = true
		}
		w.ready, w.pods = 0, 0
	}
	done := make(chan bool)
	go func() {
		defer close(done)
		ready, restarts := -1, -1
		for {
			pause(ctx, time.Second)
			if ctx.Err() != nil {
				return
			}
			w.look(ctx)
			if r, n := w.state(); r != ready || n != restarts {
				ready, restarts = r, n
				state(r, n)
			}
		}
	}()
	return w, func() error {
		cancel()
		<-done
		return w.err
	}
}

func (w *watcher) look(ctx context.Context) {
	pods, err := list[pod](ctx, w.cluster, "pods", "-l", "app=koreserver")
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil {
		if ctx.Err() == nil {
			w.err = err
		}
		return
	}
	w.ready, w.pods = 0, 0
	for _, p := range pods {
		uid, restarts, ready := p.Metadata.UID, 0, len(p.Status.ContainerStatuses) > 0
		for _, c := range p.Status.ContainerStatuses {
			restarts += c.RestartCount
			ready = ready && c.Ready
		}
		w.now[uid] = max(w.now[uid], restarts)
		if p.Metadata.DeletionTimestamp == "" && !w.old[uid] {
			w.pods++
			if ready {
				w.ready++
			}
		}
	}
}

// state says how many pods are ready and how many restarts there were since the act began.
func (w *watcher) state() (ready, restarts int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for uid, n := range w.now {
		if !w.old[uid] {
			restarts += n - w.before[uid]
		}
	}
	return w.ready, restarts
}

// allReady reports whether n pods are there and ready.
func (w *watcher) allReady(n int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ready == n && w.pods == n
}

// kills returns the events that say that liveness killed a container of a pod that counts: how many, and what the last one says.
func (w *watcher) kills(ctx context.Context) (n int, message string, err error) {
	type event struct {
		Reason         string `json:"reason"`
		Message        string `json:"message"`
		Count          int    `json:"count"`
		InvolvedObject struct {
			UID string `json:"uid"`
		} `json:"involvedObject"`
	}
	events, err := list[event](ctx, w.cluster, "events")
	if err != nil {
		return 0, "", err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range events {
		uid := e.InvolvedObject.UID
		if _, ours := w.now[uid]; ours && !w.old[uid] && e.Reason == "Killing" && strings.Contains(e.Message, "failed liveness probe") {
			n, message = n+max(e.Count, 1), e.Message
		}
	}
	return n, message, nil
}
