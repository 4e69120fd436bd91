package main

import (
	"context"
	"log"

	"github.com/aliyun/fc-runtime-go-sdk/fc"
	"github.com/aliyun/fc-runtime-go-sdk/fccontext"
)

type answer struct {
	Hello     string `json:"hello"`
	RequestID string `json:"requestId"`
}

// handle is called with the bytes of the event; what it returns is the answer, as JSON.
func handle(ctx context.Context, event []byte) (answer, error) {
	log.Printf("got %d bytes", len(event))
	name := string(event)
	if name == "" {
		name = "world"
	}
	answered := answer{Hello: name}
	if fctx, ok := fccontext.FromContext(ctx); ok {
		answered.RequestID = fctx.RequestID
	}
	return answered, nil
}

func main() {
	fc.Start(handle)
}
