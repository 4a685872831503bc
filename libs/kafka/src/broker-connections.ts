import type { BrokerConnection } from "./kafkajs-connection.ts";

/** With what goes together always able to get one, however many partitions are in trouble. */
export const CONNECTIONS_MAX = 8;

export type ConnectionsOptions = {
  open(): Promise<BrokerConnection>;
  /** One that was asked for is there. */
  opened(): void;
  /** It could not be opened: whoever waits for one waits in vain. */
  failed(error: unknown): void;
};

/**
 * The connections to one broker. A broker works on one request of a connection at a time, so each is used for one request at a time here.
 * One stays open; more are opened while more is under way, one after the other, and closed when it is over.
 */
export const createBrokerConnections = ({ open, opened, failed }: ConnectionsOptions) => {
  const idle: BrokerConnection[] = [];
  const busy = new Set<BrokerConnection>();
  let isOpening = false;
  let isClosed = false;

  const openOne = async (): Promise<void> => {
    isOpening = true;
    try {
      const connection = await open();
      isOpening = false;
      if (isClosed) return connection.close();
      idle.push(connection);
      opened();
    } catch (error) {
      isOpening = false;
      if (!isClosed) failed(error);
    }
  };

  return {
    /** Requests under way. */
    get busy() {
      return busy.size;
    },
    /** Null: none is free; `opened` or `failed` follows, or one is given back before. */
    take: (): BrokerConnection | null => {
      for (let connection = idle.pop(); connection !== undefined; connection = idle.pop()) {
        if (!connection.isOpen) continue;
        busy.add(connection);
        return connection;
      }
      if (!isOpening && !isClosed && busy.size < CONNECTIONS_MAX) void openOne();
      return null;
    },
    /** `isNeeded`: soon again, so that it stays open beside another one that is free. */
    giveBack: (connection: BrokerConnection, isNeeded: boolean): void => {
      busy.delete(connection);
      if (isClosed || !connection.isOpen) return;
      if (isNeeded || idle.length === 0) idle.push(connection);
      else connection.close();
    },
    /** Ends one in doubt. */
    drop: (connection: BrokerConnection): void => {
      busy.delete(connection);
      connection.close();
    },
    closeIdle: (): void => {
      isClosed = true;
      for (const connection of idle.splice(0)) connection.close();
    },
    closeBusy: (): void => {
      for (const connection of busy) connection.close();
    },
  };
};
