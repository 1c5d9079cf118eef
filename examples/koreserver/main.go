package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// config is what the flags say.
type config struct {
	boot      time.Duration // how long a boot takes
	three     bool          // three truths on a listener of their own
	sessions  string        // memory or redis://HOST:PORT
	faults    faults
	listen    string        // where requests are answered
	health    string        // where the three truths are told
	drain     time.Duration // how long it still serves after SIGTERM, until nobody sends it anything more
	longest   time.Duration // how long requests that run then may take to end
	heartbeat time.Duration // how long the serving path may stand still before it counts as dead
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout))
}

// run is the program: 0 when it was told to stop and did, 1 when it could not run, 2 when the command line is wrong. The end of ctx is
// SIGTERM.
func run(ctx context.Context, args []string, out io.Writer) int {
	log := slog.New(slog.NewTextHandler(out, nil))
	c, err := parse(args, out)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		fmt.Fprintln(out, "koreserver:", err)
		return 2
	}
	s, err := newServer(c, log)
	if err == nil {
		err = s.run(ctx)
	}
	if err != nil {
		log.Error("cannot run", "error", err)
		return 1
	}
	return 0
}

func parse(args []string, out io.Writer) (*config, error) {
	c := &config{faults: faults{}}
	flags := flag.NewFlagSet("koreserver", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.DurationVar(&c.boot, "boot", 45*time.Second, "how long a boot takes")
	truths := flags.String("truths", "one", "one: /health on the port of requests, after the boot; three: started, ready and live on their own")
	flags.StringVar(&c.sessions, "sessions", "memory", "where carts are kept: memory or redis://HOST:PORT")
	flags.Var(c.faults, "fault", "what goes wrong after the boot, NAME or NAME@DELAY, separated by commas: "+faultNames)
	flags.StringVar(&c.listen, "listen", ":8080", "where requests are answered")
	flags.StringVar(&c.health, "health", ":8081", "where the three truths are told")
	flags.DurationVar(&c.drain, "drain", 5*time.Second, "how long it still serves after SIGTERM")
	flags.DurationVar(&c.longest, "longest", 15*time.Second, "how long requests may take to end after that")
	flags.DurationVar(&c.heartbeat, "heartbeat", 10*time.Second, "how long the serving path may stand still before it is dead")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	switch {
	case flags.NArg() > 0:
		return nil, fmt.Errorf("nothing is known of %q: there are flags only", flags.Arg(0))
	case *truths != "one" && *truths != "three":
		return nil, fmt.Errorf("--truths=%s: there are one and three", *truths)
	case c.boot < 0 || c.drain < 0 || c.longest < 0 || c.heartbeat < 100*time.Millisecond:
		return nil, errors.New("times are not negative, and --heartbeat is 100ms or more")
	}
	c.three = *truths == "three"
	return c, nil
}
