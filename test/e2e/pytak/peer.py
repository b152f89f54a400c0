"""PyTAK as its users write it: a receiver and a sender on its queues; JSON lines in and out."""
import asyncio
import json
import os
import sys
from configparser import ConfigParser

import pytak


def tell(what):
    print(json.dumps(what), flush=True)


class Receiver(pytak.QueueWorker):
    async def handle_data(self, data):
        tell({"heard": data.decode() if isinstance(data, bytes) else str(data)})

    async def run(self, _=-1):
        while True:
            await self.handle_data(await self.queue.get())


class Sender(pytak.QueueWorker):
    async def handle_data(self, data):
        await self.put_queue(data)

    async def run(self, _=-1):
        tell({"ready": pytak.__version__ if hasattr(pytak, "__version__") else True})
        loop = asyncio.get_running_loop()
        while True:
            line = await loop.run_in_executor(None, sys.stdin.readline)
            if not line:
                os._exit(0)
            await self.handle_data(json.loads(line)["send"].encode())


async def main():
    config = ConfigParser()
    config["peer"] = json.loads(sys.argv[1])
    tool = pytak.CLITool(config["peer"])
    await tool.setup()
    tool.add_tasks({Sender(tool.tx_queue, config["peer"]), Receiver(tool.rx_queue, config["peer"])})
    await tool.run()


asyncio.run(main())
